import { apiPath } from '../http/index.ts';
import { HostError } from '../error.ts';

/** `/repos/owner/name`. @throws {HostError} `HOST_NAME`. */
export function repoPath(repo: string): string {
  const [owner, name, more] = repo.split('/');
  if (owner === undefined || name === undefined || more !== undefined) throw new HostError('HOST_NAME', `"${repo}" is not owner/name`);
  return apiPath`/repos/${owner}/${name}`;
}
