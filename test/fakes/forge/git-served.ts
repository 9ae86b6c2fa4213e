import type { IncomingMessage, ServerResponse } from 'node:http';
import { backend } from '../../support/git-http.ts';
import type { Forge } from './forge.ts';

/**
 * The repositories of a forge over HTTP, by git's own program, at the address that the host gives them.
 *
 * @param prefix of the path before the name of the repository, such as `/scm`.
 * @param tokenIn the token in a credential; whoever has none of a person is refused.
 */
export function gitOf(
  forge: Forge,
  { prefix, tokenIn }: { readonly prefix: string; readonly tokenIn: (authorization: string) => string },
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const [, name, rest] = /^(.+)\.git(\/info\/refs|\/git-(?:upload|receive)-pack)$/.exec(path) ?? [];
    if (name === undefined || rest === undefined || !name.startsWith(`${prefix}/`)) return false;
    const repo = forge.repo(decodeURIComponent(name.slice(prefix.length + 1)));
    if (!forge.withToken(tokenIn(request.headers.authorization ?? ''))) response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    else if (!repo) response.writeHead(404).end();
    else backend(forge.root, request, response, `/${repo.name}.git${rest}`);
    return true;
  };
}
