import { isArray, isObject, type Json, type JsonObject, type Problem } from '../../core/index.ts';
import { evaluateDeep, hasExpression, referencesOf } from '../../expr/index.ts';
import type { LoadedCalendar, LoadedEnvironment, LoadedRunbook, ResolvedPhase } from '../../runbook/index.ts';
import type { AnyKind, Host } from '../../steps/index.ts';
import type { PlanInputs, PlanNode, PlannedHost } from '../types.ts';

/** Hosts of a pattern in run order, or why there are none. */
export type SelectHosts = (pattern: string, order: HostOrder) => { readonly hosts: readonly Host[] } | { readonly message: string; readonly hint?: string };
export type HostOrder = 'inventory' | 'reverse' | 'sorted' | 'shuffle';

/** Everything a graph is made of; the same request gives the same graph, byte for byte. */
export interface GraphRequest {
  readonly runbook: LoadedRunbook;
  readonly inputs: PlanInputs;
  readonly select: SelectHosts;
  readonly environments: ReadonlyMap<string, LoadedEnvironment>;
  readonly calendars: ReadonlyMap<string, LoadedCalendar>;
  /** All runbooks of the repository, for `runbook.call`. */
  readonly runbooks: ReadonlyMap<string, LoadedRunbook>;
  readonly kindOf: (uses: string) => AnyKind | undefined;
  /** Milliseconds since the epoch; only its UTC day matters, for windows. */
  readonly now: number;
}

/** A graph in the making. */
export interface Build extends GraphRequest {
  readonly nodes: Map<string, PlanNode>;
  readonly hosts: Map<string, PlannedHost>;
  readonly problems: Problem[];
}

/** What a list of steps belongs to. */
export interface Place {
  readonly phase: Pick<ResolvedPhase, 'id' | 'type' | 'environment' | 'pointOfNoReturn'>;
  readonly role: PlanNode['role'];
  readonly owner?: string;
  readonly branch?: string;
  /** Path before the last part. */
  readonly prefix: string;
  /** Paths every step of the list needs, such as the phase's approval. */
  readonly gates: readonly string[];
  /** Ids of steps in phases that ended before; needing them says nothing new. */
  readonly earlier: ReadonlySet<string>;
}

export function startBuild(request: GraphRequest): Build {
  return { ...request, nodes: new Map(), hosts: new Map(), problems: [] };
}

/** Note a mistake at a path of the runbook. */
export function report(build: Build, code: string, path: string, { message, hint }: { readonly message: string; readonly hint?: string }): void {
  const { line, column } = build.runbook.at(path);
  build.problems.push({ code, severity: 'error', file: build.runbook.file, line, column, path, message, ...(hint === undefined ? {} : { hint }) });
}

/** Fill in what is known before the run: plain inputs, the runbook and the environment. Text that reads anything else stays as it was written. */
export function resolve(
  build: Pick<Build, 'inputs' | 'runbook' | 'environments'>,
  environment: string | undefined,
  value: Json,
): { readonly value: Json; readonly known: boolean } {
  const scope = {
    inputs: build.inputs.values,
    runbook: metadataOf(build.runbook),
    environment: environmentOf(environment === undefined ? undefined : build.environments.get(environment)),
  };
  return fillIn(value, scope, build.inputs.secrets);
}

/** As `resolve`, for a scope at hand. */
export function fillIn(value: Json, scope: JsonObject, secrets: readonly string[]): { readonly value: Json; readonly known: boolean } {
  let known = true;
  const visit = (each: Json): Json => {
    if (typeof each === 'string') {
      if (!hasExpression(each)) return each;
      const { names, inputs } = referencesOf(each);
      // `inputs` alone may be the whole object, secrets included.
      const readsSecret = inputs.some((name) => secrets.includes(name)) || (secrets.length > 0 && names.includes('inputs') && inputs.length === 0);
      if (!readsSecret && names.every((name) => Object.hasOwn(scope, name))) return evaluateDeep(each, scope);
      known = false;
      return each;
    }
    if (each === null || typeof each !== 'object') return each;
    if (isArray(each)) return each.map(visit);
    return Object.fromEntries(Object.entries(each).map(([name, child]) => [name, visit(child)]));
  };
  return { value: visit(value), known };
}

/** What expressions call `runbook`. */
export function metadataOf(runbook: LoadedRunbook): JsonObject {
  const metadata = runbook.source['metadata'];
  return isObject(metadata) ? metadata : { name: runbook.name };
}

/** What expressions call `environment`; empty for a phase without one. */
export function environmentOf(loaded: LoadedEnvironment | undefined): JsonObject {
  if (!loaded) return {};
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = loaded.source;
  return { name: loaded.name, production: false, ...rest };
}
