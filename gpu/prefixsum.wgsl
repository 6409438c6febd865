// Inclusive prefix sums in three passes: each workgroup scans a block of 1024 numbers, one workgroup scans the sums of the
// blocks, and each block adds the sum of those before it. An invocation holds four neighbours.
@group(0) @binding(0) var<storage, read> count: u32;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<storage, read_write> sums: array<u32>;

var<workgroup> shelf: array<u32, 256>;

// before gives each invocation the sum of what the invocations before it hold, and leaves inclusive sums on the shelf.
fn before(t: u32, own: u32) -> u32 {
    shelf[t] = own;
    workgroupBarrier();
    for (var d = 1u; d < 256u; d = d * 2u) {
        var v = 0u;
        if (t >= d) { v = shelf[t - d]; }
        workgroupBarrier();
        shelf[t] = shelf[t] + v;
        workgroupBarrier();
    }
    return shelf[t] - own;
}

@compute @workgroup_size(256)
fn scan_blocks(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let at = group.x * 1024u + t * 4u;
    var v = array<u32, 4>();
    var own = 0u;
    for (var i = 0u; i < 4u; i++) {
        if (at + i < count) { own += x[at + i]; }
        v[i] = own;
    }
    let base = before(t, own);
    for (var i = 0u; i < 4u; i++) {
        if (at + i < count) { y[at + i] = base + v[i]; }
    }
    if (t == 255u) { sums[group.x] = base + own; }
}

@compute @workgroup_size(256)
fn scan_sums(@builtin(local_invocation_index) t: u32) {
    let n = arrayLength(&sums);
    var v = array<u32, 4>();
    var own = 0u;
    for (var i = 0u; i < 4u; i++) {
        if (t * 4u + i < n) { own += sums[t * 4u + i]; }
        v[i] = own;
    }
    let base = before(t, own);
    for (var i = 0u; i < 4u; i++) {
        if (t * 4u + i < n) { sums[t * 4u + i] = base + v[i]; }
    }
}

@compute @workgroup_size(256)
fn add_sums(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3<u32>) {
    if (group.x == 0u) { return; }
    let base = sums[group.x - 1u];
    let at = group.x * 1024u + t * 4u;
    for (var i = 0u; i < 4u; i++) {
        if (at + i < count) { y[at + i] += base; }
    }
}
