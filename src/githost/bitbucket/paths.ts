import { z } from 'zod';
import { HostError } from '../error.ts';
import { type Api, type ApiCall, apiPath, shaped, placeOf, tooMany } from '../http/index.ts';

/** `/projects/KEY/repos/slug`. @throws {HostError} `HOST_NAME`. */
export function repoPath(repo: string): string {
  const { project, slug } = split(repo);
  return apiPath`/projects/${project}/repos/${slug}`;
}

export function split(repo: string): { readonly project: string; readonly slug: string } {
  const [project, slug, more] = repo.split('/');
  if (project === undefined || slug === undefined || more !== undefined) throw new HostError('HOST_NAME', `"${repo}" is not PROJECT/slug`);
  return { project, slug };
}

/** Everything of a list; Bitbucket says where the next page starts. @throws {HostError} `PULL_TOO_LARGE` over `most` entries. */
export async function everyPage<T>(
  api: Api,
  { item, call, most }: { readonly item: z.ZodType<T>; readonly call: ApiCall; readonly most: number },
): Promise<readonly T[]> {
  const Page = z.object({ values: item.array(), isLastPage: z.boolean(), nextPageStart: z.int().nonnegative().nullish() });
  const all: T[] = [];
  let start = 0;
  for (;;) {
    const paged = { ...call, query: { ...call.query, start, limit: 100 } };
    const page = shaped(Page, await api.send(paged), placeOf('GET', api.address(paged)));
    all.push(...page.values);
    if (all.length > most) throw tooMany(call, most);
    const next = page.nextPageStart ?? undefined;
    if (page.isLastPage || next === undefined || next <= start) return all;
    start = next;
  }
}
