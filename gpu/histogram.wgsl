// Counts numbers by their remainder. A workgroup counts 16384 numbers in its own memory, then adds to the result.
struct Shape { bins: u32, n: u32 }

@group(0) @binding(0) var<storage, read> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;

var<workgroup> local: array<atomic<u32>, 4096>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3<u32>) {
    for (var i = t; i < 4096u; i += 256u) { atomicStore(&local[i], 0u); }
    workgroupBarrier();
    let start = group.x * 16384u;
    let end = min(start + 16384u, shape.n);
    for (var i = start + t; i < end; i += 256u) { atomicAdd(&local[x[i] % shape.bins], 1u); }
    workgroupBarrier();
    for (var i = t; i < shape.bins; i += 256u) {
        let v = atomicLoad(&local[i]);
        if (v > 0u) { atomicAdd(&counts[i], v); }
    }
}
