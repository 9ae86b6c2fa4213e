import { z } from 'zod';
import { isBareRepo } from './names.ts';

/** Where a secret is: `env:NAME` or `file:/path`. The secret itself never stands in a configuration file. */
export const SecretRef = z
  .string()
  .regex(/^(?:env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:\/[^\n]{0,4000})$/, 'write env:NAME or file:/path, never the secret itself');
export type SecretRef = z.infer<typeof SecretRef>;

const name = z.string().regex(/^[a-zA-Z][a-zA-Z0-9-]{0,62}$/, 'letters, digits and hyphens');
/** At least one: without it nobody could be told from the host. Several while one is being replaced; the first is the new one. */
const webhookSecrets = z.array(SecretRef).min(1, 'a webhook secret is needed').max(5);
const caFile = z.string().min(1).max(4_096).optional();

const address = z
  .url({ protocol: /^https?$/ })
  .max(1_024)
  .refine((text) => isSafeAddress(text), 'use https; http is accepted only for this machine')
  .refine((text) => isPlainAddress(text), 'an address without user, query and fragment')
  .transform((text) => text.replace(/\/+$/, ''));

const token = z.strictObject({ token: SecretRef });

export const GithubSettings = z.strictObject({
  name,
  kind: z.literal('github'),
  /** GitHub Enterprise Server has its own. */
  url: address.default('https://github.com'),
  /** Only where it is not the usual one of `url`. */
  apiUrl: address.optional(),
  auth: z.union([token, z.strictObject({ app: z.strictObject({ id: z.int().positive(), key: SecretRef }) })]),
  webhookSecrets,
  caFile,
});
export const GitlabSettings = z.strictObject({
  name,
  kind: z.literal('gitlab'),
  url: address.default('https://gitlab.com'),
  auth: token,
  /** Signing tokens (`whsec_…`), or secret tokens of versions before 19. */
  webhookSecrets,
  caFile,
});
/** Gitea and Forgejo. */
export const GiteaSettings = z.strictObject({ name, kind: z.literal('gitea'), url: address, auth: token, webhookSecrets, caFile });
/** Bitbucket Data Center. */
export const BitbucketSettings = z.strictObject({ name, kind: z.literal('bitbucket'), url: address, auth: token, webhookSecrets, caFile });
/** Bare repositories on this machine, with the hook that `slipway hook install` writes. */
export const BareSettings = z.strictObject({
  name,
  kind: z.literal('bare'),
  /** Folders by the name under which runbooks and events know them. */
  repositories: z.record(z.string().refine(isBareRepo, 'not the name of a repository'), z.string().startsWith('/', 'an absolute path').max(4_096)),
  webhookSecrets,
});

/** One entry of `hosts` in the configuration of the server. */
export const HostSettings = z.discriminatedUnion('kind', [GithubSettings, GitlabSettings, GiteaSettings, BitbucketSettings, BareSettings]);
export type HostSettings = z.infer<typeof HostSettings>;
export type GithubSettings = z.infer<typeof GithubSettings>;
export type GitlabSettings = z.infer<typeof GitlabSettings>;
export type GiteaSettings = z.infer<typeof GiteaSettings>;
export type BitbucketSettings = z.infer<typeof BitbucketSettings>;
export type BareSettings = z.infer<typeof BareSettings>;

export function isSafeAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username === '' && password === '' && search === '' && hash === '';
}
