import { Secret } from '../core/index.ts';
import type { ChildEnvironment } from './types.ts';

const BASE = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'PULUMI_HOME',
]);
const PROXIES = /^(https?|no|all)_proxy$/i;
const CLOUDS = /^(AWS|ARM|AZURE|GOOGLE|GCP)_[A-Z0-9_]+$/;
/** Before a name as above: for looks at changes that nobody has approved yet. */
const GUARDED = 'SLIPWAY_PREVIEW_';

/** Split our environment into what every child may see and what only stack operations may. */
export function childEnvironment(env: { readonly [name: string]: string | undefined }): ChildEnvironment {
  const base: Record<string, string> = {};
  const clouds: Record<string, Secret> = {};
  const guardedClouds: Record<string, Secret> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (BASE.has(name) || PROXIES.test(name)) base[name] = value;
    else if (CLOUDS.test(name)) clouds[name] = new Secret(value);
    else if (name.startsWith(GUARDED) && CLOUDS.test(name.slice(GUARDED.length))) guardedClouds[name.slice(GUARDED.length)] = new Secret(value);
  }
  return { base, clouds, guardedClouds };
}
