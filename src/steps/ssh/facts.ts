import { z } from 'zod';
import { SlipwayError } from '../../core/index.ts';
import { defineStep } from '../kind.ts';
import { callHost, refuseExit } from './call.ts';
import { FACTS_SCRIPT } from './facts-script.ts';

const Disk = z.strictObject({ mount: z.string(), device: z.string(), totalBytes: z.number(), freeBytes: z.number() });
const Facts = z.strictObject({
  hostname: z.string(),
  os: z.string(),
  kernel: z.string(),
  arch: z.string(),
  /** 0 when the machine does not say; so for the next two. */
  cpus: z.number(),
  memoryBytes: z.number(),
  uptimeSeconds: z.number(),
  /** Clock of the host less ours, in milliseconds; 0 when the difference lies within the time the question took. */
  clockSkewMs: z.number(),
  disks: z.array(Disk),
  ips: z.array(z.string()),
});
type Facts = z.output<typeof Facts>;
const GATHER = ['system', 'hardware', 'disks', 'network'] as const;
const PARTS: { readonly [part in (typeof GATHER)[number]]: readonly (keyof Facts)[] } = {
  system: ['os', 'kernel', 'arch', 'uptimeSeconds', 'clockSkewMs'],
  hardware: ['cpus', 'memoryBytes'],
  disks: ['disks'],
  network: ['ips'],
};

/** Learn what kind of machines hosts are, by one portable shell script. Fails with `SSH_EXIT`, `SSH_FACTS`, or the codes of SSH. */
export const sshFacts = defineStep({
  uses: 'ssh.facts',
  summary: 'learn what kind of machines hosts are',
  with: z.strictObject({
    gather: z
      .array(z.enum(GATHER))
      .min(1)
      .default([...GATHER])
      .meta({ description: 'which facts to hand on; all when absent' }),
  }),
  outputs: Facts.partial().required({ hostname: true }),
  example: { gather: ['system', 'disks'] },
  mutates: false,
  describe: ({ gather }) => (gather.length === GATHER.length ? 'gather facts' : `gather facts: ${gather.join(', ')}`),
  target: 'hosts',
  idempotency: 'safe',
  executeHost: async ({ gather }, context) => {
    const { clock } = context.ports;
    const sentAt = clock.now();
    const { log: _loud, output: _too, ...quiet } = context;
    const result = await callHost(quiet, { script: FACTS_SCRIPT });
    refuseExit(result, [0], { what: 'gathering facts', host: context.host.name });
    const facts = parseFacts(result.stdout, { sentAt, receivedAt: clock.now() });
    if (!facts)
      throw new SlipwayError('SSH_FACTS', `${context.host.name} says nothing about itself`, {
        hint: 'ssh.facts needs a POSIX shell with awk and df on the host',
      });
    const wanted: readonly string[] = ['hostname', ...gather.flatMap((part) => PARTS[part])];
    const outputs = Object.fromEntries(Object.entries(facts).filter(([name]) => wanted.includes(name)));
    return { status: 'ok', outputs, summary: `${facts.os}, ${facts.arch}, ${facts.cpus} CPUs` };
  },
  preview: (_input, context) =>
    Promise.resolve({ type: 'hosts', hosts: context.hosts.map(({ name }) => ({ host: name, verdict: 'ok', detail: 'only looks' })) }),
});

/** Read the script's answer; undefined when it is none. */
export function parseFacts(stdout: string, asked: { readonly sentAt: number; readonly receivedAt: number }): Facts | undefined {
  const rows = stdout.split('\n').map((line) => ({ word: line.split(' ', 1)[0], rest: line.slice(line.indexOf(' ') + 1).trim() }));
  const one = (word: string): string => rows.find((row) => row.word === word)?.rest ?? '';
  const all = (word: string): readonly string[] => rows.filter((row) => row.word === word).map((row) => row.rest);
  if (one('kernel') === '') return undefined;
  return {
    hostname: one('hostname'),
    os: one('os'),
    kernel: one('kernel'),
    arch: one('arch'),
    cpus: Number(one('cpus')),
    memoryBytes: Number(one('memory')),
    uptimeSeconds: Number(one('uptime')),
    clockSkewMs: skewOf(Number(one('time')), asked),
    disks: all('disk').map(diskOf),
    ips: [...new Set(all('ip'))],
  };
}

function diskOf(line: string): z.output<typeof Disk> {
  const [sizes = '', mount = ''] = line.split('\t');
  const [total, free, ...device] = sizes.split(' ');
  return { mount, device: device.join(' '), totalBytes: Number(total), freeBytes: Number(free) };
}

function skewOf(hostTime: number, { sentAt, receivedAt }: { readonly sentAt: number; readonly receivedAt: number }): number {
  if (hostTime < sentAt) return hostTime - sentAt;
  return hostTime > receivedAt ? hostTime - receivedAt : 0;
}
