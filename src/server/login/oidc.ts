import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretPost,
  type Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { z } from 'zod';
import { type Clock, EXIT, type Secret, SlipwayError } from '../../core/index.ts';
import type { LoginSettings } from '../settings/index.ts';
import { type Fetch, guardedFetch, originsOf } from './guarded-fetch.ts';

/** What has to be kept between asking somebody to sign in and their coming back. */
export const Attempt = z.strictObject({ state: z.string(), nonce: z.string(), verifier: z.string(), returnTo: z.string() });
export type Attempt = z.output<typeof Attempt>;
/** Somebody who has signed in. */
export interface Person {
  /** `user:<name>`. */
  readonly id: string;
  readonly groups: readonly string[];
}
export interface Oidc {
  /** Where to send the browser, and what to keep meanwhile. @throws {SlipwayError} `LOGIN_UNAVAILABLE`. */
  begin(returnTo: string): Promise<{ readonly url: string; readonly attempt: Attempt }>;
  /** Who came back. @throws {SlipwayError} `LOGIN_FAILED`, `LOGIN_NAME`, `LOGIN_UNAVAILABLE`. */
  finish(cameTo: URL, attempt: Attempt): Promise<Person>;
}
export interface OidcOptions {
  readonly settings: LoginSettings;
  readonly clientSecret?: Secret | undefined;
  readonly redirectUri: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

const TIMEOUT_MS = 10_000;
/** What discovery said is asked again after this time. */
const FRESH_MS = 3_600_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;
const GROUP = /^[A-Za-z0-9/_][A-Za-z0-9._@+:/=, -]{0,199}$/;
const MOST_GROUPS = 500;

/** Sign people in by OpenID Connect: authorization code with PKCE, state and nonce; signatures by the keys that the provider publishes. */
export function createOidc(options: OidcOptions): Oidc {
  let known: { readonly at: number; readonly configuration: Promise<Configuration> } | undefined;
  const configuration = (): Promise<Configuration> => {
    const now = options.clock.monotonic();
    if (known && now - known.at < FRESH_MS) return known.configuration;
    const asked = discover(options);
    known = { at: now, configuration: asked };
    // A provider that could not be reached is asked again by the next one who signs in.
    asked.catch(() => (known = undefined));
    return asked;
  };
  return {
    begin: async (returnTo) => {
      const [verifier, state, nonce] = [randomPKCECodeVerifier(), randomState(), randomNonce()];
      const url = buildAuthorizationUrl(await configuration(), {
        ...{ redirect_uri: options.redirectUri, scope: options.settings.scopes.join(' '), state, nonce },
        ...{ code_challenge: await calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      });
      return { url: url.href, attempt: { state, nonce, verifier, returnTo } };
    },
    finish: async (cameTo, { state, nonce, verifier }) => {
      const config = await configuration();
      const claims = await claimsOf(config, cameTo, { state, nonce, verifier, wanted: options.settings.user }).catch((cause: unknown) => {
        throw new SlipwayError('LOGIN_FAILED', 'the identity provider did not confirm the sign-in', {
          exitCode: EXIT.notAuthorized,
          hint: 'sign in again',
          cause,
        });
      });
      return personOf(claims, options.settings);
    },
  };
}

async function discover({ settings, clientSecret, fetch }: OidcOptions): Promise<Configuration> {
  const { issuer, clientId, endpointHosts } = settings;
  const guarded = guardedFetch(fetch, { origins: originsOf(issuer, endpointHosts), timeoutMs: TIMEOUT_MS });
  try {
    const configuration = await discovery(new URL(issuer), clientId, {}, clientSecret ? ClientSecretPost(clientSecret.reveal()) : None(), {
      [customFetch]: async (url, options) => guarded(url, { ...options, body: options.body as RequestInit['body'] & {} }), // the same value, typed by another library
      timeout: TIMEOUT_MS / 1_000,
      // The settings accept http for this machine only.
      execute: issuer.startsWith('http:') ? [allowInsecureRequests, enableNonRepudiationChecks] : [enableNonRepudiationChecks],
    });
    return configuration;
  } catch (cause) {
    throw new SlipwayError('LOGIN_UNAVAILABLE', 'the identity provider cannot be asked', { hint: 'the log of the server says why', cause });
  }
}

interface Checks extends Pick<Attempt, 'state' | 'nonce' | 'verifier'> {
  readonly wanted: string;
}

/** Claims of the signed token; of the user info too when the name is only there. */
async function claimsOf(config: Configuration, cameTo: URL, { state, nonce, verifier, wanted }: Checks): Promise<{ readonly [claim: string]: unknown }> {
  const tokens = await authorizationCodeGrant(config, cameTo, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) throw new SlipwayError('LOGIN_FAILED', 'there is no ID token');
  if (claims[wanted] !== undefined || config.serverMetadata().userinfo_endpoint === undefined) return claims;
  return { ...(await fetchUserInfo(config, tokens.access_token, claims.sub)), ...claims };
}

/** @throws {SlipwayError} `LOGIN_NAME`. */
function personOf(claims: { readonly [claim: string]: unknown }, { user, groups }: LoginSettings): Person {
  const name = claims[user];
  // Some providers write it as text. One that says nothing is believed: its addresses are those of an organisation (docs/server.md).
  const { email_verified: isVerified = true } = claims;
  if (user === 'email' && isVerified !== true && isVerified !== 'true') throw badName('the e-mail address is not verified');
  if (typeof name !== 'string' || !NAME.test(name)) throw badName(`the claim "${user}" holds no name that can be used`);
  const listed = claims[groups];
  const texts = (Array.isArray(listed) ? listed : []).filter((group): group is string => typeof group === 'string' && GROUP.test(group));
  // Addresses are compared without case everywhere else too.
  return { id: `user:${user === 'email' ? name.toLowerCase() : name}`, groups: texts.slice(0, MOST_GROUPS) };
}

function badName(message: string): SlipwayError {
  return new SlipwayError('LOGIN_NAME', message, {
    exitCode: EXIT.notAuthorized,
    hint: 'ask whoever runs the identity provider, or name another claim in login.user',
  });
}
