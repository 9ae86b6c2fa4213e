import { z } from 'zod';
import { environmentsOf, estateOf, type Head } from '../../app/index.ts';
import { EXIT, isObject, type JsonObject, SlipwayError } from '../../core/index.ts';
import type { AccessAction } from '../../runbook/index.ts';
import type { ServerDeps } from '../deps.ts';
import { guard, maySee, repositoryOf } from '../guard.ts';
import type { Caller } from '../http/env.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { pageBy } from './page.ts';
import { recordOf } from './runs.ts';
import { EstateDocument, HostShape, Name, pageOf, PageQuery, RunbookSummary } from './shapes.ts';

type Loaded = ReturnType<typeof runbooksOf>[number];
const query = z.strictObject({ repository: Name.optional() });
const listQuery = z.strictObject({ repository: Name.optional(), ...PageQuery });

/** What the default branches hold: runbooks, waves, hosts. */
export function estateRoutes(deps: ServerDeps): readonly Route[] {
  return [listRunbooks(deps), getRunbook(deps), listHosts(deps), ...(['waves', 'portfolios'] as const).map((kind) => listDocuments(deps, kind))];
}

/** Runbooks of a head that the caller may read. */
export async function visibleRunbooks(deps: ServerDeps, caller: Caller, head: Head): Promise<readonly Loaded[]> {
  const all = runbooksOf(head);
  const seen = await Promise.all(
    all.map((runbook) => maySee(deps, caller, { action: 'runbook.read', repository: head.repository, object: objectOf(runbook) })),
  );
  return all.filter((_, index) => seen[index]);
}

function listRunbooks(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/runbooks', id: 'listRunbooks', tag: 'runbooks', open: 'callers' },
    summary: 'Runbooks of the default branches; only those the caller may read',
    query: listQuery,
    success: { status: 200, about: 'runbooks by repository and name', schema: pageOf(RunbookSummary) },
    problems: [404, 422],
    handle: async ({ query: { repository, ...asked }, caller }) => {
      const heads = await Promise.all((repository === undefined ? deps.heads.names : [repository]).map((name) => deps.heads.recent(name)));
      const seen = await Promise.all(heads.map(async (head) => (await visibleRunbooks(deps, caller, head)).map((runbook) => ({ head, runbook }))));
      const { items, ...more } = pageBy(seen.flat(), ({ head, runbook }) => `${head.repository}\n${runbook.name}`, asked);
      return { status: 200, body: { items: items.map(({ head, runbook }) => summary(head, runbook)), ...more } };
    },
  });
}

function getRunbook(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/runbooks/{runbook}', id: 'getRunbook', tag: 'runbooks', open: 'callers' },
    summary: 'One runbook, with the JSON Schema of its inputs',
    params: z.strictObject({ runbook: Name }),
    query,
    success: { status: 200, about: 'the runbook', schema: RunbookSummary },
    problems: [404, 422],
    handle: async ({ params, query: { repository }, caller }) => {
      const head = await deps.heads.recent(repositoryOf(deps, repository));
      const runbook = findLoaded(head, params.runbook);
      await guard(deps, caller, { action: 'runbook.read', repository: head.repository, object: objectOf(runbook) });
      return { status: 200, body: summary(head, runbook) };
    },
  });
}

function listHosts(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/inventory', id: 'listHosts', tag: 'estate', open: 'callers' },
    summary: 'Hosts of the inventories, without anything that is needed to log in',
    query: listQuery,
    success: { status: 200, about: 'hosts by name', schema: pageOf(HostShape) },
    problems: [404, 422],
    handle: async ({ query: { repository, ...asked }, caller }) => {
      const head = await guarded(deps, caller, { action: 'inventory.read', repository });
      const { items, ...more } = pageBy([...estateOf(head).inventory.hosts.values()], ({ host }) => host.name, asked);
      const hosts = items.map(({ host: { name, address, port, zone, groups, jump } }) =>
        recordOf({ name, repository: head.repository, address, port, zone, groups, jump: jump.map((each) => each.name) }),
      );
      return { status: 200, body: { items: hosts, ...more } };
    },
  });
}

function listDocuments(deps: ServerDeps, kind: 'waves' | 'portfolios'): Route {
  return defineRoute({
    ...{ method: 'get', path: `/v1/${kind}`, id: kind === 'waves' ? 'listWaves' : 'listPortfolios', tag: 'estate', open: 'callers' },
    summary: kind === 'waves' ? 'Migration waves as they are written' : 'Portfolios as they are written',
    query: listQuery,
    success: { status: 200, about: 'documents by name', schema: pageOf(EstateDocument) },
    problems: [404, 422],
    handle: async ({ query: { repository, ...asked }, caller }) => {
      const head = await guarded(deps, caller, { action: 'wave.read', repository });
      const { items, ...more } = pageBy([...estateOf(head).repository[kind].values()], ({ name }) => name, asked);
      const documents = items.map(({ name, file, source }) => ({
        name,
        repository: head.repository,
        commit: head.commit,
        file,
        document: source,
      }));
      return { status: 200, body: { items: documents, ...more } };
    },
  });
}

/** What belongs to no runbook asks for a binding without limits. */
async function guarded(
  deps: ServerDeps,
  caller: Caller,
  { action, repository }: { readonly action: AccessAction; readonly repository: string | undefined },
): Promise<Head> {
  return guard(deps, caller, { action, repository: repositoryOf(deps, repository), object: { kind: 'server' } });
}

function runbooksOf(head: Head) {
  return [...estateOf(head).repository.runbooks.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws {SlipwayError} `RUNBOOK_NOT_FOUND`. */
export function findLoaded(head: Head, name: string): Loaded {
  const found = estateOf(head).repository.runbooks.get(name);
  if (found) return found;
  throw new SlipwayError('RUNBOOK_NOT_FOUND', `there is no runbook "${name}" on the default branch`, {
    exitCode: EXIT.notFound,
    hint: 'GET /v1/runbooks lists those there are',
  });
}

function objectOf({ name, runbook }: Loaded) {
  return { kind: 'runbook', runbook: name, environments: environmentsOf(runbook.phases) } as const;
}

function summary({ repository, commit }: Head, { name, file, runbook }: Loaded): JsonObject {
  const { owner, tier, description } = runbook.metadata;
  return recordOf({
    ...{ name, repository, commit, file, owner, tier, description },
    phases: runbook.phases.map(({ id, type, environment }) => ({ id, type, environment })),
    triggers: (runbook.triggers ?? []).filter(isObject),
    inputs: runbook.inputs ?? {},
    url: `/v1/runbooks/${name}?repository=${repository}`,
  });
}
