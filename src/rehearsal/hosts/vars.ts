import { z } from 'zod';
import { type Json, SlipwayError } from '../../core/index.ts';

const Port = z.int().min(1).max(65_535);
const Pattern = z.string().refine(isPattern, { error: 'not a regular expression' });

/** What goes wrong on a rehearsed machine. */
export const HostFault = z.strictObject({
  /** Regular expression over the script; every script when absent. `refuse` and `resetBefore` happen before there is a script. */
  match: Pattern.optional(),
  /**
   * exit: the script is not run and ends with `exit`. refuse: no connection. resetBefore: the connection breaks before a command
   * is accepted. lose: it breaks after the command was accepted, which has no effect. resetAfter: it breaks after the command took
   * effect, before its end is told. hang: the command never ends.
   */
  effect: z.enum(['exit', 'refuse', 'resetBefore', 'lose', 'resetAfter', 'hang']),
  exit: z.int().min(1).max(255).default(1),
  stderr: z.string().default(''),
  /** How many times it happens, counted over restarts; always when absent. */
  times: z.int().min(1).optional(),
});
export type HostFault = z.output<typeof HostFault>;

const HttpEndpoint = z.strictObject({
  port: Port,
  service: z.string().min(1),
  side: z.enum(['baseline', 'candidate']),
  latencyMs: z.number().min(0).max(60_000).default(4),
  errorRate: z.number().min(0).max(1).default(0),
});
export type HttpEndpoint = z.output<typeof HttpEndpoint>;

const LoadBalancer = z.strictObject({
  port: Port,
  backend: z.string().regex(/^[A-Za-z0-9_.:-]+$/),
  servers: z
    .array(z.strictObject({ name: z.string().regex(/^[A-Za-z0-9_.:-]+$/), host: z.string().min(1), port: Port, weight: z.int().min(0).max(256) }))
    .min(1),
  /** People who use the service through it, for figures that a runbook watches. */
  customers: z.array(z.strictObject({ path: z.string().startsWith('/'), perSecond: z.number().min(0.1).max(100) })).default([]),
});
export type LoadBalancer = z.output<typeof LoadBalancer>;

/** The variable `rehearsal` of a host: what its stand-in plays. */
const RehearsalVars = z.strictObject({
  /** Other names under which its ports are reached. */
  names: z.array(z.string()).default([]),
  /** State of services before the first command. */
  services: z.record(z.string(), z.enum(['running', 'stopped'])).default({}),
  /** Packages before the first command, with their versions. */
  packages: z.record(z.string(), z.string()).default({}),
  /** The newest versions that can be had, where it matters. */
  candidates: z.record(z.string(), z.string()).default({}),
  /** Accounts before the first command. */
  users: z.array(z.string().regex(/^[a-z_][a-z0-9_-]*$/)).default([]),
  /** Files before the first command, by absolute path. */
  files: z.record(z.string().startsWith('/'), z.string()).default({}),
  commands: z
    .array(z.strictObject({ match: Pattern, exit: z.int().min(0).max(255).default(0), stdout: z.string().default(''), stderr: z.string().default('') }))
    .default([]),
  /** What its console says first, and after each line that is typed; the last one again and again. */
  terminal: z.array(z.string()).min(1).default(['$ ']),
  faults: z.array(HostFault).default([]),
  http: z.array(HttpEndpoint).default([]),
  loadBalancer: LoadBalancer.optional(),
  /** Plays a Prometheus that scrapes what all rehearsed applications and load balancers count. */
  prometheus: z.strictObject({ port: Port }).optional(),
  os: z.string().default('Debian GNU/Linux 12 (bookworm)'),
  cpus: z.int().min(1).default(4),
  memoryBytes: z
    .int()
    .min(1)
    .default(16 * 2 ** 30),
});
export type RehearsalVars = z.output<typeof RehearsalVars>;

/**
 * Read the variable `rehearsal` of a host.
 *
 * @throws {SlipwayError} `REHEARSAL_VARS` with everything that is wrong with it.
 */
export function parseVars(host: string, vars: { readonly [name: string]: Json }): RehearsalVars {
  const parsed = RehearsalVars.safeParse(vars['rehearsal'] ?? {});
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${['rehearsal', ...issue.path].join('.')}: ${issue.message}`);
  throw new SlipwayError('REHEARSAL_VARS', `the host ${host} has wrong variables: ${wrong.join('; ')}`, {
    hint: 'correct vars.rehearsal in the inventory; docs/ssh.md lists its keys',
  });
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'm');
    return true;
  } catch {
    return false;
  }
}
