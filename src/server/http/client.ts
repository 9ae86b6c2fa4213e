import { BlockList, isIP } from 'node:net';
import type { Ctx } from './env.ts';

/** Tells who asked, behind the proxies that are known. */
export type ClientOf = (c: Ctx) => { readonly address: string; readonly isProxied: boolean };

/**
 * The address of a client. `X-Forwarded-For` counts only as far as trusted proxies wrote it: it is read from the right, and the first address
 * that is no trusted proxy is the client, whatever stands before it.
 */
export function createClientOf(trustedProxies: readonly string[]): ClientOf {
  const trusted = listOf(trustedProxies);
  return (c) => {
    const peer = plain(c.env.incoming?.socket.remoteAddress ?? '127.0.0.1');
    if (!isTrusted(trusted, peer)) return { address: peer, isProxied: false };
    const hops = (c.req.header('x-forwarded-for') ?? '').split(',').map((hop) => plain(hop.trim()));
    for (const hop of hops.toReversed()) {
      if (isIP(hop) === 0) return { address: peer, isProxied: true };
      if (!isTrusted(trusted, hop)) return { address: hop, isProxied: true };
    }
    return { address: peer, isProxied: true };
  };
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function isTrusted(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** An IPv4 address that came over IPv6 is the same address. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** The address, or for IPv6 the /64 that one customer has: limits by address alone would be no limits there. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groupsOf = (text: string): readonly string[] => text.split(':').filter((group) => group !== '');
  const [front, back] = [groupsOf(head), groupsOf(tail ?? '')];
  // A dotted end stands for two groups.
  const length = front.length + back.length + (address.includes('.') ? 1 : 0);
  const all = tail === undefined ? front : [...front, ...Array.from({ length: Math.max(0, 8 - length) }, () => '0'), ...back];
  return `${all
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
