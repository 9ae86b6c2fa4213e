import { z } from 'zod';
import { Duration } from '../fields.ts';

/**
 * A credential is named, never written. Only variables that whoever runs Slipway has set aside for metric sources can be named,
 * so that no file can send another secret of the machine to an address it chooses.
 */
const Credential = z
  .string()
  .regex(/^env:SLIPWAY_METRICS_[A-Z0-9_]{1,100}$/, { error: 'not a credential of a metric source; write env:SLIPWAY_METRICS_<NAME>' })
  .meta({ description: 'variable that holds it: env:SLIPWAY_METRICS_<NAME>', slipwayFixed: 'name the variable itself' });

const Auth = z.union([z.strictObject({ token: Credential }), z.strictObject({ user: z.string().min(1), password: Credential })]);
export type MetricAuth = z.output<typeof Auth>;

const Url = z
  .url({ protocol: /^https?$/, error: 'not an http or https address' })
  .refine((text) => !/[?#@]/.test(text), { error: 'not a plain address; leave out user, query and fragment' })
  .meta({ slipwayFixed: 'write the address itself; a value must not choose where a credential goes' });

/** A path of the repository: certificates of authorities are reviewed with the rest. */
const CaFile = z
  .string()
  .regex(/^(?![/~])(?!(.*\/)?\.\.(\/|$))[^\0]+$/, { error: 'not a file of this repository; write its path from the top folder' })
  .meta({ description: 'PEM file of the repository with the authorities to trust instead of those of the machine' });

const Headers = z
  .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'not a header name' }), z.string())
  .refine((headers) => !Object.keys(headers).some((name) => /^(authorization|cookie|proxy-authorization)$/i.test(name)), {
    error: 'a header that carries a credential; use auth',
  });

const timeout = Duration.optional().meta({ description: 'of one question; 10s when absent' });
const web = { url: Url, auth: Auth.optional(), ca: CaFile.optional(), headers: Headers.optional(), timeout };

/** Whoever listens on the way must not learn the credential; nobody listens on the way to the machine itself. */
function isGuarded({ url, auth }: { readonly url: string; readonly auth?: MetricAuth | undefined }): boolean {
  return auth === undefined || url.startsWith('https:') || /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/.test(url);
}
const guarded = { error: 'a credential over plain http; use https', path: ['url'] };
const region = z.string().regex(/^[a-z0-9-]{2,40}$/, { error: 'not a region; write for example eu-central-1 or westeurope' });

/** Where numbers come from: a place and how to log in. Environments name them, metrics refer to them by that name. */
export const MetricSource = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('prometheus'), ...web }).refine(isGuarded, guarded),
  z.strictObject({ type: z.literal('http'), ...web }).refine(isGuarded, guarded),
  z.strictObject({ type: z.literal('cloudWatch'), region, timeout }),
  z.strictObject({ type: z.literal('azureMonitor'), region, cloud: z.enum(['public', 'usGovernment', 'china']).optional(), timeout }),
]);
export type MetricSource = z.output<typeof MetricSource>;
export type WebSource = Extract<MetricSource, { type: 'prometheus' | 'http' }>;

/** Sources by name. */
export const MetricSources = z.record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9-]{0,62}$/, { error: 'not a name; use letters, digits and hyphens' }), MetricSource);
export type MetricSources = z.output<typeof MetricSources>;
