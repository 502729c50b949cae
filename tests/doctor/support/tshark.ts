/** What another reader makes of a capture. */

/** What tshark says of a packet of TCP, in its own words but for the time. */
export interface Row {
  /** 0 where there is none. */
  timeNs: bigint;
  seq: string;
  ack: string;
  window: string;
  length: string;
  ports: string;
}

/** Field by field as in `Row`, ports last. */
const FIELDS = [
  "frame.time_epoch",
  "tcp.seq_raw",
  "tcp.ack_raw",
  "tcp.window_size_value",
  "tcp.len",
  "tcp.srcport",
  "tcp.dstport",
];

/** Names are not looked up; length 0 means the same in IPv6 as in IPv4, where it is so by default. */
const SETTINGS = ["-n", "-o", "ipv6.tso_support:TRUE"];

async function output(program: string, args: string[]): Promise<string> {
  // It fails where a file is cut, after it said all it could.
  const { stdout } = await new Deno.Command(program, { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}

/** Why tshark can't be asked, `undefined` if it can. */
export async function whyNoTshark(): Promise<string | undefined> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", "command -v tshark && command -v capinfos"],
    stdout: "null",
  }).output();
  return success ? undefined : "tshark and capinfos are not installed";
}

/** The packets of TCP in a file, one row each. */
export async function rowsOf(path: string): Promise<Row[]> {
  const fields = FIELDS.flatMap((field) => ["-e", field]);
  const text = await output("tshark", [
    ...SETTINGS,
    "-r",
    path,
    "-T",
    "fields",
    "-E",
    "occurrence=f",
    ...fields,
  ]);
  return text.split("\n").map((line) => line.split("\t"))
    .filter(([, seq]) => (seq ?? "") !== "")
    .map(([time, seq, ack, window, length, ...ports]) => ({
      timeNs: BigInt(time.replace(".", "")), // nine digits behind the point; 0 of nothing
      seq,
      ack,
      window,
      length,
      ports: ports.join(" "),
    }));
}

/** How many packets each file has, as capinfos counts. */
export async function countsOf(paths: string[]): Promise<number[]> {
  const text = await output("capinfos", ["-T", "-r", "-M", "-c", ...paths]);
  const counts = new Map(
    text.trimEnd().split("\n").map((line) => line.split("\t"))
      .map(([path, count]) => [path, Number(count)] as const),
  );
  return paths.map((path) => counts.get(path) ?? NaN);
}
