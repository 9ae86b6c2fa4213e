import { isIP } from 'node:net';
import { z } from 'zod';
import { PullSettings } from '../../app/index.ts';
import { parseDuration } from '../../core/index.ts';
import { HostSettings } from '../../githost/index.ts';

const Name = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9-]{0,62}$/, { error: 'not a name; use letters, digits and hyphens, starting with a letter, at most 63 characters' });
/** Where a secret is; never the secret itself. */
export const SecretRef = z.string().regex(/^(?:env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:\P{Cc}{1,4000})$/u, {
  error: 'not a reference to a secret; write env:NAME or file:/path, never the secret itself',
});
const Span = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, { error: 'not a duration; write for example 30s, 10m or 12h' })
  .transform((text) => parseDuration(text) ?? 0);
const AbsolutePath = z.string().regex(/^\/\P{Cc}*$/u, { error: 'not an absolute path; start it with /' });

/** Encryption in transit: https, but for this machine itself. */
const Address = z
  .url({ error: 'not an address; write https://host' })
  .max(1_024)
  .refine((text) => isSafeAddress(text), { error: 'not encrypted; use https, http is accepted only for this machine' })
  .refine((text) => isPlainAddress(text), { error: 'not a plain address; leave out user, query and fragment' })
  .transform((text) => text.replace(/\/+$/, ''));

const Network = z.string().refine((text) => isNetwork(text), { error: 'not an address or network; write for example 10.0.0.7 or 10.0.0.0/8' });

const Listen = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8_080),
  /** Addresses or networks of proxies whose X-Forwarded-For counts. Nobody else's does. */
  trustedProxies: z.array(Network).max(50).default([]),
});
/** A certificate with its chain, and its key. */
const Tls = z.strictObject({ certificate: AbsolutePath, key: SecretRef });

export const RepositorySettings = z.strictObject({
  name: Name,
  branch: z
    .string()
    .regex(/^(?![-./])(?!.*(?:\.\.|@\{|\/\/|\.lock(?:\/|$)))[A-Za-z0-9._/+-]{1,200}(?<![./])$/, { error: 'not the name of a branch' })
    .default('main'),
  /** A folder of this machine with a repository, bare or not. */
  folder: AbsolutePath.optional(),
  url: Address.optional(),
  /** Value of the Authorization header for `url`. */
  authorization: SecretRef.optional(),
  /** Name of an entry of `hosts`, and the repository as that host calls it. */
  host: Name.optional(),
  repo: z.string().min(1).max(400).optional(),
});
export type RepositorySettings = z.output<typeof RepositorySettings>;

/** A sender of signed webhooks: a self-service portal, a source of business events. */
export const TriggerSettings = z.strictObject({
  /** Runbooks name it: `triggers: [{webhook: {id}}]`. */
  id: Name,
  /** How it signs: Standard Webhooks, or a header as GitHub sends it. */
  scheme: z.enum(['standardWebhooks', 'github']).default('standardWebhooks'),
  /** Several while one is being replaced. */
  secrets: z.array(SecretRef).min(1).max(5),
  /** All of the server's when absent. */
  repositories: z.array(Name).min(1).optional(),
  /** Types of CloudEvents that it may send, with `*`; none when absent. */
  events: z
    .array(z.string().regex(/^[A-Za-z0-9.*_/-]{1,200}$/, { error: 'not a type of events; write for example com.example.order.*' }))
    .min(1)
    .optional(),
});
export type TriggerSettings = z.output<typeof TriggerSettings>;

/** Sign-in of people by OpenID Connect: authorization code with PKCE. */
export const LoginSettings = z.strictObject({
  issuer: Address,
  clientId: z.string().min(1).max(400),
  clientSecret: SecretRef.optional(),
  scopes: z.array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/)).default(['openid', 'profile', 'email']),
  /** Claim that names a person: `user:<claim>`. */
  user: z.string().min(1).default('email'),
  /** Claim with the groups of a person. */
  groups: z.string().min(1).default('groups'),
  /** Other hosts than the issuer's where its endpoints may be; what discovery names elsewhere is refused. */
  endpointHosts: z.array(z.string().regex(/^[a-z0-9.-]+(:\d+)?$/, { error: 'not a host; write for example keys.example.com' })).default([]),
  /** A session that nobody uses ends after this time, and each one after the other. */
  idle: Span.default(30 * 60_000),
  longest: Span.default(12 * 3_600_000),
});
export type LoginSettings = z.output<typeof LoginSettings>;

export const LimitSettings = z.strictObject({
  /** Requests of one address a minute; of one /64 network for IPv6, as for all limits by address. */
  requestsPerMinute: z.int().min(10).max(1_000_000).default(1_200),
  /** Webhooks of one address a minute. */
  webhooksPerMinute: z.int().min(10).max(10_000_000).default(30_000),
  /** Wrong signatures, tokens and sign-ins of one address a minute. */
  failuresPerMinute: z.int().min(1).max(10_000).default(20),
  /** Runs that this process drives at once. */
  runs: z.int().min(1).max(10_000).default(50),
  /** Open connections. */
  connections: z.int().min(10).max(100_000).default(2_000),
  /** Followers of runs at once (server-sent events). */
  followers: z.int().min(1).max(100_000).default(500),
});
export type LimitSettings = z.output<typeof LimitSettings>;

/** `slipway serve --config <file>`. */
export const ServerSettings = z.strictObject({
  apiVersion: z.literal('slipway/v1'),
  kind: z.literal('Server'),
  listen: Listen.prefault({}),
  /** How people and senders reach this server; every link it gives starts so. */
  publicUrl: Address,
  tls: Tls.optional(),
  repositories: z.array(RepositorySettings).min(1).max(100),
  triggers: z.array(TriggerSettings).max(500).default([]),
  hosts: z.array(HostSettings).max(50).default([]),
  /** How pull requests of repositories with a host are looked after. */
  pulls: PullSettings.prefault({}),
  login: LoginSettings.optional(),
  limits: LimitSettings.prefault({}),
});
export type ServerSettings = z.output<typeof ServerSettings>;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Does the name mean this machine itself? */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname) || hostname === '::1';
}

function isSafeAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username === '' && password === '' && search === '' && hash === '';
}

function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
