/** The first verdict of each labelled capture: a change that turns one is to be made on purpose. */
import { assertEquals } from "@std/assert";
import { diagnose } from "../../../doctor/mod.ts";
import { readCaptures } from "../support/captures.ts";

const VERDICTS: Record<string, string> = {
  "i_healthy.pcap": "server_closed",
  "i_close_unread.pcap": "server_reset",
  "a_slow_rst.pcap": "slow_consumer cut",
  "a_slow_rst_srvcap.pcap": "slow_consumer cut",
  "a_slow_flap_rst.pcap": "slow_consumer cut",
  "a_slow_usertimeout.pcap": "slow_consumer cut",
  "b_recover.pcap": "slow_consumer recovered",
  "b_cycle.pcap": "slow_consumer recovered",
  "c_idle_fin.pcap": "server_idle_closed",
  "d_client_kill.pcap": "client_killed",
  "e_loss5.pcap": "packet_loss",
  "e_outage2s.pcap": "outage",
  "f_server_kill_unread.pcap": "server_reset",
  "g_refused.pcap": "refused",
  "g_syn_drop.pcap": "timed_out",
  "h_blackhole_clicap.pcap": "unreachable",
  "j_rate_rst.pcap": "path_bottleneck",
  "k_spoof_rst.pcap": "third_party",
  "l_tls_healthy.pcap": "server_closed",
  "m_mid_flap.pcap": "slow_consumer cut",
  "n_sws_small.pcap": "slow_consumer slow_to_the_end",
  "o_rwnd_bdp.pcap": "receive_buffer_too_small",
  "p_quiet.pcap": "server_silent",
  "r_ipv6_flap.pcap": "slow_consumer cut",
  "s_any_sll2.pcap": "slow_consumer recovered",
  "t_pcapng.pcapng": "slow_consumer recovered",
};

Deno.test("diagnose() keeps its verdicts of the labelled captures", async () => {
  const found: Record<string, string> = {};
  for (const { label, bytes } of readCaptures()) {
    const { connections: [{ verdicts: [{ kind, outcome }] }] } = await diagnose(bytes);
    found[label.file] = outcome === undefined ? kind : `${kind} ${outcome}`;
  }
  assertEquals(found, VERDICTS);
});
