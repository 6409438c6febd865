// Package tokens holds every token that an operator of gremlins replaces, and some that look like one.
package tokens

type pair struct{ a, b int }

func each(x, y int, s string, p *pair) (int, bool) {
	x = x + y - y*x/y%x
	x = x&y | x ^ y&^x<<1>>2
	x += y
	x -= y
	x *= y
	x /= y
	x %= y
	x &= y
	x |= y
	x ^= y
	x &^= y
	x <<= 1
	x >>= 1
	x++
	y--
	x = -x + +y ^ ^y
	q := &pair{a: -1, b: *&p.a}
	s = s + "a"
outer:
	for i := 0; i < x; i++ {
		for range y {
			if i == 3 || !(i != 4) {
				continue outer
			}
			switch {
			case i > 5 && i >= 6:
				break
			case i <= 7:
				continue
			}
			break outer
		}
		if s == "" {
			break
		}
	}
	return q.a, x < 1<<3
}
