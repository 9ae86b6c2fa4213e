import type { EngineEvent, StepEventMetadata } from '@pulumi/pulumi/automation/index.js';
import { canonicalJson, isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { StackChange, StackOp, StackPreview } from '../../steps/index.ts';
import { isInternal } from './deployment.ts';
import { factsOf, type ProviderDefaults } from './facts/index.ts';

/** Folds the engine's events into what people and policies may know. It keeps names, never values, except the facts. */
export interface Collector {
  readonly onEvent: (event: EngineEvent) => void;
  preview(): StackPreview;
  counts(): { readonly [op in StackOp]?: number };
  /** Errors of single resources. */
  resourceErrors(): readonly string[];
  /** Errors that belong to no resource. */
  messages(): readonly string[];
}

const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const OPS: Readonly<Record<string, StackOp>> = {
  same: 'same',
  create: 'create',
  update: 'update',
  delete: 'delete',
  replace: 'replace',
  'create-replacement': 'replace',
  'delete-replaced': 'replace',
  'discard-replaced': 'replace',
  'import-replacement': 'replace',
  'read-replacement': 'replace',
  import: 'import',
  read: 'read',
  discard: 'delete',
  refresh: 'refresh',
};
const VERBS: Readonly<Record<StackOp, string>> = {
  create: 'creating',
  update: 'updating',
  replace: 'replacing',
  delete: 'deleting',
  same: 'keeping',
  import: 'importing',
  refresh: 'refreshing',
  read: 'reading',
};

/**
 * Make an empty collector.
 *
 * @param onLine gets one line per operation on a resource; a preview tells none.
 */
export function createCollector(onLine: (line: string) => void, defaults: ProviderDefaults): Collector {
  const planned = new Map<string, StackChange>();
  const done = new Map<string, StackOp>();
  const errors = { resource: [] as string[], other: [] as string[] };
  const warnings: string[] = [];
  let isApproximate = false;
  const onStep = ({ metadata, planning }: { metadata: StepEventMetadata; planning?: boolean }, isDone: boolean) => {
    const isReal = planning !== true;
    const change = changeOf(metadata, defaults);
    if (!change) return;
    isApproximate ||= change.op !== 'same' && hasUnknown(metadata);
    planned.set(change.urn, merged(planned.get(change.urn), change));
    if (isDone) done.set(change.urn, merged(planned.get(change.urn), change).op);
    if (isReal && !isDone && change.op !== 'same') onLine(`${VERBS[change.op]} ${change.name} (${change.type})`);
  };
  return {
    onEvent: (event) => {
      if (event.resourcePreEvent) onStep(event.resourcePreEvent, false);
      if (event.resOutputsEvent) onStep(event.resOutputsEvent, true);
      if (event.resOpFailedEvent) onLine(`failed ${nameOf(event.resOpFailedEvent.metadata.urn)} (${event.resOpFailedEvent.metadata.type})`);
      if (event.diagnosticEvent) noteDiagnostic(event.diagnosticEvent, errors, warnings);
    },
    preview: () => {
      const changes = [...planned.values()].sort((a, b) => (a.urn < b.urn ? -1 : 1));
      return { changes, counts: countOps(changes.map((change) => change.op)), warnings, approximate: isApproximate };
    },
    counts: () => countOps([...done.values()]),
    resourceErrors: () => errors.resource,
    messages: () => errors.other,
  };
}

type Diagnostic = NonNullable<EngineEvent['diagnosticEvent']>;
function noteDiagnostic({ severity, message, urn, ephemeral }: Diagnostic, errors: { resource: string[]; other: string[] }, warnings: string[]): void {
  const text = withoutColor(message).trim();
  if (text === '' || ephemeral) return;
  const type = typeOf(urn ?? '');
  if (severity === 'error') {
    if (urn !== undefined && urn !== '' && !isInternal(type)) errors.resource.push(`${nameOf(urn)} (${type}): ${text}`);
    else if (!/^update failed$|^preview failed$/.test(text)) errors.other.push(text);
  }
  // Stand-ins come from PATH on purpose.
  if (severity === 'warning' && !/from \$PATH/.test(text)) warnings.push(text);
}

function changeOf(metadata: StepEventMetadata, defaults: ProviderDefaults): StackChange | undefined {
  const op = operationOf(metadata);
  if (op === undefined || isInternal(metadata.type)) return undefined;
  const { urn, type } = metadata;
  const inputs = (op === 'delete' ? metadata.old : (metadata.new ?? metadata.old))?.inputs ?? {};
  const isProtected = (metadata.new ?? metadata.old)?.protect === true;
  return {
    op,
    type,
    name: nameOf(urn),
    urn,
    properties: op === 'same' ? [] : changedProperties(metadata, op),
    facts: factsOf(type, inputs as JsonObject, { isProtected, defaults }),
  }; // the engine sends JSON
}

function operationOf(metadata: StepEventMetadata): StackOp | undefined {
  const op = OPS[metadata.op];
  if (op !== 'refresh') return op;
  if (!metadata.old) return undefined;
  if (!metadata.new || metadata.new.id === '') return 'delete';
  return canonicalJson(metadata.old.outputs as Json) === canonicalJson(metadata.new.outputs as Json) ? 'same' : 'update'; // the engine sends JSON
}

/** A replacement is several steps on one URN; it is told as one. */
function merged(before: StackChange | undefined, change: StackChange): StackChange {
  if (!before) return change;
  const op = before.op === 'replace' ? 'replace' : change.op;
  return { ...change, op, properties: [...new Set([...before.properties, ...change.properties])].sort() };
}

function changedProperties(metadata: StepEventMetadata, op: StackOp): readonly string[] {
  const side = metadata.op === 'refresh' ? 'outputs' : 'inputs';
  const before = objectOf(metadata.old?.[side]);
  const after = objectOf(metadata.new?.[side]);
  const told = [...(metadata.diffs ?? []), ...(metadata.keys ?? []), ...Object.keys(metadata.detailedDiff ?? {})].map((path) => path.split(/[.[]/)[0] ?? path);
  const keys = op === 'delete' ? [] : [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => !sameJson(before[key], after[key]));
  return [...new Set([...told, ...keys])].filter((key) => !key.startsWith('__')).sort();
}

function hasUnknown(metadata: StepEventMetadata): boolean {
  return JSON.stringify(metadata.new?.inputs ?? {}).includes(UNKNOWN);
}
function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  return a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b);
}
function countOps(ops: readonly StackOp[]): { readonly [op in StackOp]?: number } {
  const counts: { [op in StackOp]?: number } = {};
  for (const op of ops) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}
function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
function nameOf(urn: string): string {
  return urn.split('::').slice(3).join('::');
}
function typeOf(urn: string): string {
  return urn.split('::')[2]?.split('$').at(-1) ?? '';
}
function withoutColor(text: string): string {
  return text.replace(/<\{%[^%]*%\}>/g, '');
}
