// PageRank in u32 fixed point: in each round every node computes what it gives along each link, then gathers what it gets.
struct Step { nodes: u32, round: u32 }

@group(0) @binding(0) var<storage, read> step: Step;
@group(0) @binding(1) var<storage, read_write> rank: array<u32>;
@group(0) @binding(2) var<storage, read> links: array<u32>;
@group(0) @binding(3) var<storage, read> first: array<u32>;
@group(0) @binding(4) var<storage, read> sources: array<u32>;
@group(0) @binding(5) var<storage, read_write> given: array<u32>;
@group(0) @binding(6) var<storage, read_write> idle: array<atomic<u32>>;

const ONE = 1073741824u;

fn damp(r: u32) -> u32 { return r / 20u * 17u + r % 20u * 17u / 20u; }

@compute @workgroup_size(256)
fn share(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= step.nodes) { return; }
    let d = damp(rank[i]);
    if (links[i] == 0u) {
        atomicAdd(&idle[step.round], d);
        given[i] = 0u;
    } else {
        given[i] = d / links[i];
    }
}

@compute @workgroup_size(256)
fn gather(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= step.nodes) { return; }
    var sum = (ONE - damp(ONE) + atomicLoad(&idle[step.round])) / step.nodes;
    for (var e = first[i]; e < first[i + 1u]; e++) { sum += given[sources[e]]; }
    rank[i] = sum;
}
