// Command schema says what each kind of edit would change.
package main

import "time"

type flag bool

type small uint8

const limit = 3 * 4 // it must stay a constant

var table [limit - 2]int

func main() {
	for i := 0; i < 6; i++ {
		println(i, order(i, 3), order(float64(i), 2.5), order("b", string(rune('a'+i))), arithmetic(i+1, 3), bits(uint16(i)<<8|5, 2))
	}
	for j := 9; j > 3; j -= 2 {
		println(j, logic(j > 4, j < 8), named(j != 5))
	}
	println(loops(), len(table), narrow(200, 100), never(7), wait(2).String())
	println(labels(), first(1, 2, 3), -narrowest(-4), minus())
}

func order[T int | float64 | string](x, y T) (n int) {
	if x < y {
		n++
	}
	if x <= y {
		n += 2
	}
	if x > y {
		n += 4
	}
	if x >= y {
		n |= 8
	}
	if x == y || n != 3 {
		n ^= 16
	}
	return n
}

func arithmetic(x, y int) int {
	z := x + y*2 - x/y
	z %= 7
	z -= x % y
	z *= 2
	z /= y
	return -z
}

func bits(x uint16, n uint) uint16 {
	y := x&0xff | x>>n ^ x<<n
	y &= 0x7ff
	y &^= 4
	y <<= 1
	y >>= n
	return y &^ 3
}

func logic(a, b bool) int {
	n := 0
	count := func(x bool) bool { n++; return x }
	if count(a) && count(b) || count(!a) && (count(b) || count(a)) {
		n += 10
	}
	return n
}

func named(x bool) flag {
	y := flag(x)
	return y && flag(len(table) > 2)
}

func loops() (n int) {
	for i := range 10 {
		if i == 2 {
			continue
		}
		if i == 7 {
			break
		}
		n += i
	}
	return n
}

func labels() (n int) {
outer:
	for i := range 4 {
		for j := range 4 {
			switch {
			case j == 2:
				continue outer
			case i == 3:
				break outer
			}
			n += 1 << (i * j)
		}
	}
	return n
}

func narrow(x, y small) small { return x + y }

func narrowest(x int8) int8 {
	p := &x
	*p--
	return *p
}

func first(xs ...int) int {
	i := len(xs) - 1
	for ; i >= 0 && xs[i] != 1; i-- {
	}
	return i
}

// never is asked of nothing at its edge.
func never(x int) bool { return x < 5 }

func minus() int { return -1 }

func wait(n int) time.Duration { return time.Duration(n)*time.Second + 5*time.Millisecond }
