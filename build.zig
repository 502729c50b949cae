//! `zig build`       rebuilds the core and what is generated from it, in place
//! `zig build test`  runs the core's own tests; `--fuzz=100K` fuzzes them, led by coverage
//! `zig build fuzz -- RUNS [SEED]`  fuzzes with seeded streams

const std = @import("std");

const exports: []const []const u8 = &.{ "init", "reset", "scan", "__heap_base" };
/// What it takes to put a core right whose memory others can write, too.
const shared_exports: []const []const u8 = exports ++ .{ "__global_base", "__stack_pointer" };
const crc32c_exports: []const []const u8 = &.{ "window", "begin", "fold", "finish" };

/// The core's stack; what it needs is a few hundred bytes.
const stack_bytes = 16 * 1024;

pub fn build(b: *std.Build) void {
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
    for ([_]*std.Build.Step.Compile{ addCore(b, .alone), addCore(b, .shared) }) |core| {
        const path = b.fmt("src/core/{s}_wasm.ts", .{core.name});
        update.addCopyFileToSource(core.getEmittedBin(), b.fmt("{s}.wasm", .{core.name}));
        update.addCopyFileToSource(embed(b, bindings, core, "core.zig", "CORE"), path);
    }
    const crc32c = embed(b, bindings, addCrc32c(b), "core/crc32c.zig", "CRC32C");
    update.addCopyFileToSource(crc32c, "src/spill/crc32c_wasm.ts");
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
    const core = addWasm(b, if (sharing == .shared) "core_shared" else "core", "core.zig", sharing);
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

/// It has a page of memory for itself.
fn addCrc32c(b: *std.Build) *std.Build.Step.Compile {
    const crc32c = addWasm(b, "crc32c", "core/crc32c.zig", .alone);
    crc32c.stack_size = 4 * 1024;
    crc32c.root_module.export_symbol_names = crc32c_exports;
    return crc32c;
}

fn addWasm(b: *std.Build, name: []const u8, source: []const u8, sharing: Sharing) *std.Build.Step.Compile {
    const wasm = std.Target.wasm;
    const simd: []const wasm.Feature = &.{ .bulk_memory, .nontrapping_fptoint, .sign_ext, .simd128 };
    const features = switch (sharing) {
        .alone => simd,
        .shared => simd ++ &[_]wasm.Feature{ .atomics, .mutable_globals },
    };
    const artefact = b.addExecutable(.{
        .name = name,
        .root_module = b.createModule(.{
            .root_source_file = b.path(source),
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
    artefact.entry = .disabled;
    return artefact;
}

/// A TypeScript module that holds the bytes of `artefact`.
fn embed(
    b: *std.Build,
    bindings: *std.Build.Step.Compile,
    artefact: *std.Build.Step.Compile,
    source: []const u8,
    name: []const u8,
) std.Build.LazyPath {
    const embedded = b.addRunArtifact(bindings);
    embedded.addFileArg(artefact.getEmittedBin());
    embedded.addArgs(&.{ source, name });
    return embedded.captureStdOut(.{});
}
