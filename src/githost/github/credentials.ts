import { z } from 'zod';
import { Secret } from '../../core/index.ts';
import { HostError } from '../error.ts';
import type { Call } from '../port.ts';
import { appAuth, type Client, type ClientOptions, type Clients, clientWith, data, ownerAndName, signalled } from './client.ts';
import { User } from './shapes.ts';

/** An App that was removed and installed again has another installation. */
const INSTALLATION_MS = 10 * 60_000;
const Installation = z.object({ id: z.int().positive() });

/** One token for everything. */
export function tokenClients(options: ClientOptions, token: Secret): Clients {
  const client = clientWith(options, { auth: token.reveal() });
  return {
    of: async () => client,
    ofOrg: async () => client,
    self: (call) => data(User, () => client.request('GET /user', signalled(call))),
    gitToken: async () => token,
  };
}

/** A GitHub App: every owner has an installation of its own, with tokens that live for an hour. */
export function appClients(options: ClientOptions, { id, key }: { readonly id: number; readonly key: Secret }): Clients {
  const { clock } = options;
  const auth = { appId: id, privateKey: key.reveal() };
  const app = clientWith(options, appAuth(auth));
  const known = new Map<string, { readonly client: Client; readonly until: number }>();
  const cached = async (owner: string, find: () => Promise<number>): Promise<Client> => {
    const entry = known.get(owner.toLowerCase());
    if (entry && entry.until > clock.monotonic()) return entry.client;
    const client = clientWith(options, appAuth({ ...auth, installationId: await find() }));
    known.set(owner.toLowerCase(), { client, until: clock.monotonic() + INSTALLATION_MS });
    return client;
  };
  const of = async (repo: string, call?: Call): Promise<Client> => {
    const names = ownerAndName(repo);
    return cached(
      names.owner,
      async () => (await data(Installation, () => app.request('GET /repos/{owner}/{repo}/installation', { ...names, ...signalled(call) }))).id,
    );
  };
  return {
    of,
    ofOrg: async (org, call) =>
      cached(org, async () => (await data(Installation, () => app.request('GET /orgs/{org}/installation', { org, ...signalled(call) }))).id),
    self: (call) => robot(app, options, { auth, ...(call ? { call } : {}) }),
    gitToken: async (repo, access, call) => {
      const client = await of(repo, call);
      const { repo: name } = ownerAndName(repo);
      const token = await data(z.object({ token: z.string().min(1) }), async () => ({
        data: await client.auth({ type: 'installation', repositoryNames: [name], permissions: { contents: access } }),
      }));
      return new Secret(token.token);
    },
  };
}

/** The account that comments of the App appear under: `<slug>[bot]`. An App cannot look at accounts itself; any of its installations can. */
async function robot(app: Client, options: ClientOptions, { auth, call }: { readonly auth: object; readonly call?: Call }): Promise<z.infer<typeof User>> {
  const { slug } = await data(z.object({ slug: z.string().regex(/^[A-Za-z0-9-]{1,100}$/) }), () => app.request('GET /app', signalled(call)));
  const [first] = await data(Installation.array(), () => app.request('GET /app/installations', { per_page: 1, ...signalled(call) }));
  if (first === undefined) throw new HostError('HOST_DENIED', 'the App is installed nowhere', { hint: 'install it in the organisation or the repository' });
  const client = clientWith(options, appAuth({ ...auth, installationId: first.id }));
  return data(User, () => client.request('GET /users/{username}', { username: `${slug}[bot]`, ...signalled(call) }));
}
