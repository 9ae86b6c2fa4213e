import { isIPv6 } from 'node:net';
import type { Facts, OS_FAMILIES } from './schema.ts';

/** Milliseconds since the epoch, by our clock, between which the host answered. */
export interface Asked {
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** Read the script's answer; undefined when it is none. */
export function parseFacts(stdout: string, asked: Asked): Facts | undefined {
  const rows = stdout.split(/\r?\n/).map((line) => ({ word: line.split(' ', 1)[0], rest: line.slice(line.indexOf(' ') + 1).trim() }));
  const one = (word: string): string => rows.find((row) => row.word === word)?.rest ?? '';
  const all = (word: string): readonly string[] => rows.filter((row) => row.word === word).map((row) => row.rest);
  if (one('kernel') === '') return undefined;
  const addresses = all('ip').map(addressOf);
  return {
    hostname: one('hostname'),
    fqdn: one('fqdn'),
    os: one('os'),
    osId: one('osid').toLowerCase(),
    osFamily: familyOf(one('oslike')),
    osVersion: one('osversion'),
    kernel: one('kernel'),
    arch: one('arch'),
    packageManager: one('packages').replace(/-get$/, ''),
    init: one('init'),
    virtualization: one('virtual'),
    cpus: Number(one('cpus')),
    cpuModel: one('cpumodel').replaceAll(/\s+/g, ' '),
    memoryBytes: Number(one('memory')),
    swapBytes: Number(one('swap')),
    uptimeSeconds: Number(one('uptime')),
    clockSkewMs: skewOf(Number(one('time')), asked),
    disks: all('disk').map(diskOf),
    ips: [...new Set(addresses.map(({ address }) => address))],
    addresses,
  };
}

const FAMILIES: readonly (readonly [RegExp, (typeof OS_FAMILIES)[number]])[] = [
  [/\b(debian|ubuntu)\b/, 'debian'],
  [/\b(rhel|fedora|centos|rocky|almalinux|ol|amzn)\b/, 'redhat'],
  [/\b(suse|sles|opensuse)\b/, 'suse'],
  [/\balpine\b/, 'alpine'],
  [/\barch\b/, 'arch'],
  [/bsd\b/, 'bsd'],
  [/\b(darwin|macos)\b/, 'darwin'],
  [/\bwindows\b/, 'windows'],
];
function familyOf(like: string): Facts['osFamily'] {
  return FAMILIES.find(([pattern]) => pattern.test(like.toLowerCase()))?.[1] ?? 'other';
}

function diskOf(line: string): Facts['disks'][number] {
  const [sizes = '', mount = ''] = line.split('\t');
  const [total, free, ...device] = sizes.split(' ');
  return { mount, device: device.join(' '), totalBytes: Number(total), freeBytes: Number(free) };
}

function addressOf(line: string): Facts['addresses'][number] {
  const [address = '', ...name] = line.split(' ');
  return { address, interface: name.join(' '), family: isIPv6(address) ? 'ipv6' : 'ipv4' };
}

function skewOf(hostTime: number, { sentAt, receivedAt }: Asked): number {
  if (hostTime < sentAt) return hostTime - sentAt;
  return hostTime > receivedAt ? hostTime - receivedAt : 0;
}
