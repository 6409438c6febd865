// C = A·B. Each invocation keeps a 4×4 tile of C in registers and adds along k in ascending order, one product at a time.
struct Shape { m: u32, k: u32, n: u32 }

@group(0) @binding(0) var<storage, read> shape: Shape;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

fn put(row: u32, col: u32, v: vec4<f32>) {
    if (row >= shape.m) { return; }
    for (var j = 0u; j < 4u && col + j < shape.n; j++) {
        c[row * shape.n + col + j] = v[j];
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let col = id.x * 4u;
    let row = id.y * 4u;
    if (row >= shape.m || col >= shape.n) { return; }
    // Rows and columns beyond the edge are computed from the last valid one and not stored.
    let last = shape.n - 1u;
    let c0 = col;
    let c1 = min(col + 1u, last);
    let c2 = min(col + 2u, last);
    let c3 = min(col + 3u, last);
    let r0 = row * shape.k;
    let r1 = min(row + 1u, shape.m - 1u) * shape.k;
    let r2 = min(row + 2u, shape.m - 1u) * shape.k;
    let r3 = min(row + 3u, shape.m - 1u) * shape.k;
    var s0 = vec4<f32>();
    var s1 = vec4<f32>();
    var s2 = vec4<f32>();
    var s3 = vec4<f32>();
    for (var k = 0u; k < shape.k; k++) {
        let at = k * shape.n;
        let v = vec4<f32>(b[at + c0], b[at + c1], b[at + c2], b[at + c3]);
        s0 = s0 + a[r0 + k] * v;
        s1 = s1 + a[r1 + k] * v;
        s2 = s2 + a[r2 + k] * v;
        s3 = s3 + a[r3 + k] * v;
    }
    put(row, col, s0);
    put(row + 1u, col, s1);
    put(row + 2u, col, s2);
    put(row + 3u, col, s3);
}
