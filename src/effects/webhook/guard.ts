import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { SlipwayError } from '../../core/index.ts';

/** Addresses that no message may go to unless somebody has allowed it: this machine, its networks, and what clouds answer only to themselves. */
const CLOSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];
export interface Guard {
  /**
   * An address that a host name stands for, to connect to: what is checked is what is used, whatever the name stands for a moment later.
   *
   * @throws {SlipwayError} `WEBHOOK_FORBIDDEN` when any address of the name may not be sent to, `HTTP_UNREACHABLE` when it has none.
   */
  readonly placeOf: (hostname: string) => Promise<string>;
  /** May it be sent to without encryption? Only to this machine, and only when that was allowed. */
  readonly allowsPlain: (address: string) => boolean;
}
/** All addresses of a name. */
export type LookUp = (hostname: string) => Promise<readonly string[]>;

const systemLookUp: LookUp = async (hostname) => (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address);

/** @param allow addresses and ranges that may be sent to although they are closed. */
export function createGuard(allow: readonly string[], lookUp: LookUp = systemLookUp): Guard {
  const [closed, open, here] = [listOf(CLOSED), listOf(allow), listOf(['127.0.0.0/8', '::1/128'])];
  const isClosed = (address: string): boolean => has(closed, address) && !has(open, address);
  return {
    placeOf: async (hostname) => {
      const host = hostname.replace(/^\[|\]$/g, '');
      const addresses = isIP(host) === 0 ? await addressesOf(host, lookUp) : [host];
      const forbidden = addresses.find(isClosed);
      const [first] = addresses;
      if (forbidden === undefined && first !== undefined) return first;
      throw new SlipwayError('WEBHOOK_FORBIDDEN', 'its name stands for an address that is not public', {
        hint: 'SLIPWAY_WEBHOOK_ALLOW lists addresses that may be sent to all the same',
      });
    },
    allowsPlain: (address) => has(here, address) && has(open, address),
  };
}

async function addressesOf(host: string, lookUp: LookUp): Promise<readonly string[]> {
  try {
    return await lookUp(host);
  } catch (cause) {
    throw new SlipwayError('HTTP_UNREACHABLE', 'its name stands for no address', { retry: 'afterBackoff', cause });
  }
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  }
  return list;
}

/** An IPv4 address that is written as an IPv6 one is itself. */
function has(list: BlockList, address: string): boolean {
  const plain = address.replace(/%.*$/, '');
  if (!isIPv6(plain)) return list.check(plain, 'ipv4');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1] ?? mappedFrom(plain);
  return mapped === undefined ? list.check(plain, 'ipv6') : list.check(mapped, 'ipv4');
}

/** `::ffff:7f00:1` is 127.0.0.1; `::7f00:1` was, in an older notation. */
function mappedFrom(address: string): string | undefined {
  const [, high, low] = /^::(?:ffff:(?:0:)?)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}
