import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../../src/core/index.ts';
import { type Mirror, openMirror, type RemoteAccess } from '../../src/repo/index.ts';
import { bareGit } from '../support/git-http.ts';
import { type Fixture, makeRepository } from './fixture.ts';

export const AUTHORIZATION = `Basic ${Buffer.from('slipway:the-token-of-tests').toString('base64')}`;
export const refused = (code: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof Error && 'code' in thrown, String(thrown));
  assert.equal(thrown.code, code, thrown.message);
  assert.ok(!`${thrown.stack} ${JSON.stringify(thrown)} ${String(thrown.cause)}`.includes(AUTHORIZATION), 'the error tells the credential');
  return true;
};

/** A repository that is pushed to a bare one, as a host has it. */
export function makeHost(): Fixture & { readonly root: string; readonly bare: string; push(...refs: string[]): void } {
  const fixture = makeRepository();
  const root = join(fixture.top, 'host');
  const bare = join(root, 'estate.git');
  mkdirSync(root);
  bareGit(fixture.top, 'init', '--quiet', '--bare', bare);
  fixture.write('runbooks/a.yaml', 'one');
  fixture.commit('one');
  const push = (...refs: string[]) => void fixture.git('push', '--quiet', '--force', bare, ...(refs.length === 0 ? ['HEAD:refs/heads/main'] : refs));
  push();
  return Object.assign(fixture, { root, bare, push });
}
export async function mirrorOf(
  host: Fixture,
  url: string,
  more: Partial<Parameters<typeof openMirror>[0]> & { readonly authorization?: Secret } = {},
): Promise<Mirror> {
  const { authorization = new Secret(AUTHORIZATION), ...rest } = more;
  const access: RemoteAccess = { url: `${url}/estate.git`, authorization };
  return openMirror({ name: 'git/ada/estate', access: async () => access, cacheDir: host.cacheDir, env: host.env, ...rest });
}
