// One workgroup a message: each invocation adds up a share of the features for every class, then the shares are summed.
// Whole numbers only, so the order does not matter. Bias and weights are widened to i32; four counts are packed in a word.
struct Shape { messages: u32, features: u32, classes: u32 }

@group(0) @binding(0) var<storage, read> shape: Shape;
@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read> model: array<i32>;
@group(0) @binding(3) var<storage, read_write> result: array<i32>;

var<workgroup> scores: array<atomic<i32>, 16>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3<u32>) {
    if (t < shape.classes) { atomicStore(&scores[t], model[t]); }
    workgroupBarrier();
    for (var w = t; w < shape.features / 4u; w += 64u) {
        let four = counts[group.x * shape.features / 4u + w];
        if (four == 0u) { continue; }
        for (var i = 0u; i < 4u; i++) {
            let n = i32((four >> (8u * i)) & 255u);
            if (n == 0) { continue; }
            for (var c = 0u; c < shape.classes; c++) {
                atomicAdd(&scores[c], n * model[shape.classes + (w * 4u + i) * shape.classes + c]);
            }
        }
    }
    workgroupBarrier();
    if (t == 0u) {
        let at = group.x * (shape.classes + 1u);
        var label = 0u;
        var best = atomicLoad(&scores[0]);
        for (var c = 0u; c < shape.classes; c++) {
            let s = atomicLoad(&scores[c]);
            result[at + 1u + c] = s;
            if (s > best) { best = s; label = c; }
        }
        result[at] = i32(label);
    }
}
