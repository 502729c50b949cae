//! `zig build`       rebuilds the core and what is generated from it, in place
//! `zig build test`  runs the core's own tests; `--fuzz=100K` fuzzes them, led by coverage
//! `zig build fuzz -- RUNS [SEED]`  fuzzes with seeded streams

const std = @import("std");

const exports: []const []const u8 = &.{ "init", "reset", "scan", "__heap_base" };

/// The core's stack; what it needs is a few hundred bytes.
const stack_bytes = 16 * 1024;

pub fn build(b: *std.Build) void {
    const core = addCore(b);
    const bindings = b.addExecutable(.{
        .name = "bindings",
        .root_module = b.createModule(.{
            .root_source_file = b.path("core/bindings.zig"),
            .target = b.graph.host,
            .optimize = .debug,
        }),
    });
    const abi = b.addRunArtifact(bindings);
    const embedded = b.addRunArtifact(bindings);
    embedded.addFileArg(core.getEmittedBin());

    const update = b.addUpdateSourceFiles();
    update.addCopyFileToSource(core.getEmittedBin(), "core.wasm");
    update.addCopyFileToSource(abi.captureStdOut(.{}), "src/core/abi.ts");
    update.addCopyFileToSource(embedded.captureStdOut(.{}), "src/core/core_wasm.ts");
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

fn addCore(b: *std.Build) *std.Build.Step.Compile {
    const wasm = std.Target.wasm;
    const core = b.addExecutable(.{
        .name = "core",
        .root_module = b.createModule(.{
            .root_source_file = b.path("core.zig"),
            .target = b.resolveTargetQuery(.{
                .cpu_arch = .wasm32,
                .os_tag = .freestanding,
                // `generic` would turn multivalue on.
                .cpu_model = .{ .explicit = &wasm.cpu.mvp },
                .cpu_features_add = wasm.featureSet(&.{ .bulk_memory, .nontrapping_fptoint, .sign_ext, .simd128 }),
            }),
            .optimize = .fast,
            // Debug info holds paths of the machine that built it.
            .strip = true,
        }),
    });
    core.entry = .disabled;
    core.import_memory = true;
    core.stack_size = stack_bytes;
    core.root_module.export_symbol_names = exports;
    return core;
}
