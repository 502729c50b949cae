/**
 * What handlers' flags mean, for the commands that have them.
 *
 * @module
 */

/** The part of a command's help that explains `handlerFlags`. */
export const HANDLER_HELP: string =
  `Handlers (--handler FILE or --handler NAME=FILE; repeatable: each sees every frame, at its own pace;
the name is that of the file without its ending if none is said):
  --partition HOW        with several: all (default), round_robin: each run of frames goes to one, or
                         key:NAME: frames with one value of --column NAME go to the same, in order
  --isolation WHERE      inline (default): with the rights of this program, and when it spins nobody
                         reads. worker: each in a thread of its own with no rights but its grants;
                         the connection and each directory are then in threads of their own as
                         well, with no rights but to their server and their files. Needs
                         --unstable-worker-options (Deno ends with code 70 without) and --no-prompt.
                         process: each in a process of its own that can be killed; what it prints
                         goes to standard error. Needs --allow-run=DENO
  --grant NAME:RIGHT=VALUE,…
                         what the handler NAME may do, as store:write=ticks.log,net=db.example:5432;
                         RIGHT is net read write env run sys import; without =VALUE all of it
  --set NAME.KEY=VALUE   an option of the handler NAME, if its module has
                         export const schema = { KEY: { type: "string" | "number" | "boolean" } };
                         repeatable
  --memory-limit SIZE    process: killed when it takes more (512MiB), 96MiB at least
  --batch-timeout TIME   process: killed when a batch takes longer (10s); worker: left behind (60s)
  --deno PATH            process: the deno to run (this one; a compiled program needs it)
  --on-failure WHAT      when a batch fails: stop (default), skip it and count it, or retry it
  --dead-letter DIR      with --on-failure skip: append what is skipped to DIR. Several handlers, and
                         one that has a name, have DIR/NAME; spillway spill dump DIR shows it. Needs
                         --allow-read=DIR --allow-write=DIR
  --budget TIME          tell of every batch that takes longer
  --watch                when a handler's file, or one it imports by a relative path, is saved:
                         load it anew between two batches, on the same connection and without
                         losing a frame; if it can't be, the old one goes on, and that is told.
                         Needs --allow-read=DIR for the directories of these files
`;
