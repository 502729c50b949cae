//! `zig build`       rebuilds the core and what is generated from it, in place
//! `zig build test`  runs the core's own tests; `--fuzz=100K` fuzzes them, led by coverage
//! `zig build fuzz -- RUNS [SEED]`  fuzzes with seeded streams

const std = @import("std");

const exports: []const []const u8 = &.{ "init", "reset", "scan", "__heap_base" };
/// What it takes to put a core right whose memory others can write, too.
const shared_exports: []const []const u8 = exports ++ .{ "__global_base", "__stack_pointer" };

/// The core's stack; what it needs is a few hundred bytes.
const stack_bytes = 16 * 1024;

pub fn build(b: *std.Build) void {
    const core = addCore(b, .alone);
    const shared = addCore(b, .shared);
    const bindings = b.addExecutable(.{
        .name = "bindings",
        .root_module = b.createModule(.{
            .root_source_file = b.path("core/bindings.zig"),
            .target = b.graph.host,
            .optimize = .debug,
        }),
    });
    const abi = b.addRunArtifact(bindings);

    const update = b.addUpdateSourceFiles();
    update.addCopyFileToSource(abi.captureStdOut(.{}), "src/core/abi.ts");
    for ([_]*std.Build.Step.Compile{ core, shared }) |artefact| {
        const name = artefact.name;
        const embedded = b.addRunArtifact(bindings);
        embedded.addFileArg(artefact.getEmittedBin());
        update.addCopyFileToSource(artefact.getEmittedBin(), b.fmt("{s}.wasm", .{name}));
        update.addCopyFileToSource(embedded.captureStdOut(.{}), b.fmt("src/core/{s}_wasm.ts", .{name}));
    }
    b.getInstallStep().dependOn(&update.step);

    const tests = b.addTest(.{
        .root_module = b.createModule(.{
            .root_source_file = b.path("core.zig"),
            .target = b.graph.host,
            .optimize = .safe,
        }),
    });
    const test_step = b.step("test", "Run the core's tests");
    test_step.dependOn(&b.addRunArtifact(tests).step);

    const fuzzer = b.addExecutable(.{
        .name = "fuzz",
        .root_module = b.createModule(.{
            .root_source_file = b.path("core/fuzz.zig"),
            .target = b.graph.host,
            .optimize = .safe,
        }),
    });
    const fuzz = b.addRunArtifact(fuzzer);
    fuzz.addPassthruArgs();
    b.step("fuzz", "Fuzz the core with seeded streams").dependOn(&fuzz.step);
}

/// Whether the core has its memory alone, or shares it with other threads.
const Sharing = enum { alone, shared };

fn addCore(b: *std.Build, sharing: Sharing) *std.Build.Step.Compile {
    const wasm = std.Target.wasm;
    const simd: []const wasm.Feature = &.{ .bulk_memory, .nontrapping_fptoint, .sign_ext, .simd128 };
    const features = switch (sharing) {
        .alone => simd,
        .shared => simd ++ &[_]wasm.Feature{ .atomics, .mutable_globals },
    };
    const core = b.addExecutable(.{
        .name = if (sharing == .shared) "core_shared" else "core",
        .root_module = b.createModule(.{
            .root_source_file = b.path("core.zig"),
            .target = b.resolveTargetQuery(.{
                .cpu_arch = .wasm32,
                .os_tag = .freestanding,
                // `generic` would turn multivalue on.
                .cpu_model = .{ .explicit = &wasm.cpu.mvp },
                .cpu_features_add = wasm.featureSet(features),
            }),
            .optimize = .fast,
            // Debug info holds paths of the machine that built it.
            .strip = true,
        }),
    });
    core.entry = .disabled;
    core.import_memory = true;
    core.stack_size = stack_bytes;
    core.root_module.export_symbol_names = switch (sharing) {
        .alone => exports,
        .shared => shared_exports,
    };
    if (sharing == .shared) {
        core.shared_memory = true;
        // Only a bound: what TypeScript brings is smaller.
        core.max_memory = 1 << 32;
    }
    return core;
}
