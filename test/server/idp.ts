import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** What a provider may do wrong. */
export interface Tamper {
  claims?: JWTPayload;
  /** Sign with a key that is not published. */
  unknownKey?: boolean;
  /** No signature at all. */
  unsigned?: boolean;
  discovery?: { readonly [member: string]: string };
  redirectToken?: boolean;
}
export interface Idp extends AsyncDisposable {
  readonly issuer: string;
  /** Who signs in next. */
  person: { readonly [claim: string]: unknown };
  tamper: Tamper;
  /** Publish another key, and sign with it from now on. */
  readonly rotate: () => Promise<void>;
  /** Paths that were asked. */
  readonly asked: string[];
}
type Key = Awaited<ReturnType<typeof newKey>>;

async function newKey() {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = randomBytes(6).toString('hex');
  return { privateKey, kid, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } };
}

/** An identity provider on this machine: authorization code with PKCE, for one client. */
export async function startIdp(client: { readonly id: string; readonly secret: string }): Promise<Idp> {
  let key = await newKey();
  const stranger = await newKey();
  const codes = new Map<string, { readonly challenge: string; readonly nonce: string; readonly redirect: string }>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has a port
  const idp: Idp = {
    ...{ issuer, person: { sub: '1', email: 'ada@site.test', groups: [] }, tamper: {}, asked: [] },
    rotate: async () => void (key = await newKey()),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const json = (response: ServerResponse, body: object, status = 200): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer);
    idp.asked.push(url.pathname);
    if (url.pathname === '/.well-known/openid-configuration') return json(response, { ...discovery(issuer), ...idp.tamper.discovery });
    if (url.pathname === '/jwks') return json(response, { keys: [key.jwk] });
    if (url.pathname === '/authorize') return authorize(url, response);
    if (url.pathname === '/token')
      return idp.tamper.redirectToken === true
        ? void response.writeHead(302, { location: `${issuer}/elsewhere` }).end()
        : token(new URLSearchParams(await text(request)), response);
    if (url.pathname === '/userinfo') return json(response, idp.person);
    response.writeHead(404).end();
  }

  function authorize({ searchParams }: URL, response: ServerResponse): void {
    const code = randomBytes(16).toString('hex');
    const redirect = searchParams.get('redirect_uri') ?? '';
    if (searchParams.get('code_challenge_method') !== 'S256' || searchParams.get('client_id') !== client.id) return void response.writeHead(400).end();
    codes.set(code, { challenge: searchParams.get('code_challenge') ?? '', nonce: searchParams.get('nonce') ?? '', redirect });
    const back = new URLSearchParams({ code, state: searchParams.get('state') ?? '', iss: issuer });
    response.writeHead(302, { location: `${redirect}?${back.toString()}` }).end();
  }

  async function token(form: URLSearchParams, response: ServerResponse): Promise<void> {
    const known = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight = known?.challenge === challenge && form.get('client_secret') === client.secret && form.get('redirect_uri') === known.redirect;
    if (!isRight) return json(response, { error: 'invalid_grant' }, 400);
    const idToken = await sign({ nonce: known.nonce, ...idp.person, ...idp.tamper.claims }, idp.tamper.unknownKey === true ? stranger : key);
    json(response, { access_token: 'access', token_type: 'Bearer', expires_in: 60, id_token: idToken });
  }

  async function sign(claims: JWTPayload, { privateKey, kid }: Key): Promise<string> {
    const payload = { iss: issuer, aud: client.id, iat: now(), exp: now() + 60, ...claims };
    if (idp.tamper.unsigned === true) return `${part({ alg: 'none' })}.${part(payload)}.`;
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
  }
  return idp;
}

function discovery(issuer: string): object {
  return {
    ...{
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
    },
    ...{ response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] },
    ...{ code_challenge_methods_supported: ['S256'], authorization_response_iss_parameter_supported: true },
  };
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}
