import { z } from 'zod';

const Disk = z.strictObject({ mount: z.string(), device: z.string(), totalBytes: z.number(), freeBytes: z.number() });
const Address = z.strictObject({ address: z.string(), interface: z.string(), family: z.enum(['ipv4', 'ipv6']) });

export const OS_FAMILIES = ['debian', 'redhat', 'suse', 'alpine', 'arch', 'bsd', 'darwin', 'windows', 'other'] as const;

/** What kind of machine a host is. Texts are empty, and numbers 0, where the machine does not say. */
export const Facts = z.strictObject({
  hostname: z.string(),
  fqdn: z.string(),
  /** For people: `Debian GNU/Linux 12 (bookworm)`. */
  os: z.string(),
  /** For conditions: `debian`, `ubuntu`, `rhel`, `macos`, `windows`. */
  osId: z.string(),
  osFamily: z.enum(OS_FAMILIES),
  /** `12`, `22.04`, `9.4`. */
  osVersion: z.string(),
  kernel: z.string(),
  arch: z.string(),
  /** apt, dnf, yum, zypper, apk, pacman, pkg, brew, or empty. */
  packageManager: z.string(),
  /** systemd, openrc, init, launchd, windows. */
  init: z.string(),
  /** `none`, or what runs the machine: kvm, vmware, microsoft, docker … */
  virtualization: z.string(),
  cpus: z.number(),
  cpuModel: z.string(),
  memoryBytes: z.number(),
  swapBytes: z.number(),
  uptimeSeconds: z.number(),
  /** Clock of the host less ours, in milliseconds; 0 when the difference lies within the time the question took. */
  clockSkewMs: z.number(),
  disks: z.array(Disk),
  ips: z.array(z.string()),
  addresses: z.array(Address),
});
export type Facts = z.output<typeof Facts>;

export const GATHER = ['system', 'hardware', 'disks', 'network'] as const;
/** The facts of each part; the name of the host is in all of them. */
export const PARTS: { readonly [part in (typeof GATHER)[number]]: readonly (keyof Facts)[] } = {
  system: ['os', 'osId', 'osFamily', 'osVersion', 'kernel', 'arch', 'packageManager', 'init', 'uptimeSeconds', 'clockSkewMs'],
  hardware: ['cpus', 'cpuModel', 'memoryBytes', 'swapBytes', 'virtualization'],
  disks: ['disks'],
  network: ['fqdn', 'ips', 'addresses'],
};

/** Facts that are another value a moment later; a plan does not hold them. */
const MOVING: ReadonlySet<string> = new Set<keyof Facts>(['uptimeSeconds', 'clockSkewMs']);

/** The facts of some parts. */
export function partsOf(facts: Facts, gather: readonly (typeof GATHER)[number][]): Partial<Facts> & Pick<Facts, 'hostname'> {
  const wanted: readonly string[] = ['hostname', ...gather.flatMap((part) => PARTS[part])];
  const entries = Object.entries(facts).filter(([name]) => wanted.includes(name));
  return { hostname: facts.hostname, ...(Object.fromEntries(entries) as Partial<Facts>) }; // a part of the same object
}

/** Facts that are the same a moment later. */
export function lasting({ disks = [], ...facts }: Partial<Facts>): Partial<Facts> {
  const entries = Object.entries(facts).filter(([name]) => !MOVING.has(name));
  return { ...(Object.fromEntries(entries) as Partial<Facts>), ...(disks.length === 0 ? {} : { disks: disks.map((disk) => ({ ...disk, freeBytes: 0 })) }) }; // a part of the same object
}
