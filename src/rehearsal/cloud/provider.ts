import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { provider as pulumi } from '@pulumi/pulumi';
import { declaredBy } from './declared.ts';
import { difference } from './difference.ts';
import { fabricate } from './fabricate.ts';
import { type Occasion, takeFault } from './faults.ts';
import { answer } from './invoke.ts';
import { hasSeal, mapValues, plain, sealed } from './wrapped.ts';
import type { World, WorldResource } from './world.ts';

const A_DAY_MS = 86_400_000;

/** What a stand-in plays with. */
export interface Stage {
  /** `aws` or `azure-native`. */
  readonly provider: string;
  readonly version: string;
  readonly region: string;
  readonly world: World;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A provider that plays a cloud on the world on disk, for the real Pulumi engine. */
export function createProvider(stage: Stage): pulumi.Provider {
  const stop = new AbortController();
  const perform = <T>(occasion: Occasion, effect: () => T) => performWithFaults(stage, { occasion, signal: stop.signal }, effect);
  return {
    version: stage.version,
    check: async (urn, _olds, news) => ({ inputs: located(stage, urn, asObject(news)) }),
    diff: async (id, urn, olds, news) => diff(stage, { id, urn, olds: asObject(olds), news: asObject(news) }),
    create: (urn, inputs) => perform(occasionOf('create', urn), () => create(stage, urn, asObject(inputs))),
    read: (id, urn, props) => perform(occasionOf('read', urn), () => read(stage, { id, urn, props: asObject(props ?? {}) })),
    update: (id, urn, olds, news) => perform(occasionOf('update', urn), () => update(stage, { id, urn, olds: asObject(olds), news: asObject(news) })),
    delete: (id, urn) => perform(occasionOf('delete', urn), () => remove(stage, id, urn)),
    invoke: (token, args) => perform({ op: 'invoke', stack: '', urn: token, type: token }, () => lookUp(stage, token, asObject(args))),
    cancel: async () => stop.abort(new Error('the engine cancelled the operation')),
  };
}

async function performWithFaults<T>(stage: Stage, { occasion, signal }: { occasion: Occasion; signal: AbortSignal }, effect: () => T): Promise<T> {
  const { latencyMs, fault } = takeFault(stage.world.dir, occasion);
  if (occasion.op !== 'read' && occasion.op !== 'invoke') await stage.sleep(latencyMs + (fault?.delayMs ?? 0), signal);
  if (fault?.effect === 'hang') await stage.sleep(A_DAY_MS, signal);
  if (fault?.effect === 'fail') throw new Error(fault.message ?? `injected fault: ${occasion.op} of ${occasion.type} failed`);
  const result = effect();
  if (fault?.effect === 'hangAfter') await stage.sleep(A_DAY_MS, signal);
  if (fault?.effect === 'failAfter') throw new Error(fault.message ?? `injected fault: the answer to ${occasion.op} of ${occasion.type} was lost`);
  return result;
}

function create(stage: Stage, urn: string, inputs: JsonObject): pulumi.CreateResult {
  const { type, stack, name } = urnParts(urn);
  const births = stage.world.births(urn);
  const region = regionOf(stage, inputs);
  const bare = mapValues(inputs, plain);
  const { id, props } = fabricate({ urn, type, name, births, region, inputs: bare });
  if (stage.world.get(type, id)) throw new Error(`a ${type} with the id "${id}" exists already`);
  const outs = { ...props, ...inputs };
  stage.world.put({ provider: stage.provider, type, id, urn, stack, ...sealedParts(stage, inputs, outs) }, 'create');
  return { id, outs };
}

function update(stage: Stage, { id, urn, olds, news }: Change): pulumi.UpdateResult {
  const { type, stack } = urnParts(urn);
  const there = found(stage, type, id);
  const dropped = Object.keys(there.inputs).filter((key) => !(key in news));
  const outs = { ...Object.fromEntries(Object.entries(olds).filter(([key]) => !dropped.includes(key))), ...news };
  const refreshed = 'tagsAll' in outs && 'tags' in news ? { ...outs, tagsAll: news['tags'] ?? {} } : outs;
  stage.world.put({ ...there, urn, stack, ...sealedParts(stage, news, refreshed) }, 'update');
  return { outs: refreshed };
}

function remove(stage: Stage, id: string, urn: string): void {
  const there = stage.world.get(urnParts(urn).type, id);
  if (there) stage.world.remove(there); // deleting what is gone succeeds, as the clouds' providers do
}

function read(stage: Stage, { id, urn, props }: { readonly id: string; readonly urn: string; readonly props: JsonObject }): pulumi.ReadResult {
  const there = stage.world.get(urnParts(urn).type, id);
  if (!there) return { id: '', props: {} };
  // A sealed value cannot be shown again; an unchanged one is the one the state already has.
  const live = mapValues(there.props, (value, key) => (hasSeal(value) ? (props[key] ?? null) : value));
  const inputs = mapValues(there.inputs, (value, key) => live[key] ?? value);
  return { id, props: live, inputs };
}

function diff(stage: Stage, { id, urn, olds, news }: Change): pulumi.DiffResult {
  const { type } = urnParts(urn);
  const before = stage.world.get(type, id)?.inputs ?? {};
  const { changed, replaces } = difference(type, olds, { news, before });
  return { changes: changed.length > 0, replaces: [...replaces], deleteBeforeReplace: replaces.length > 0 };
}

function lookUp(stage: Stage, token: string, args: JsonObject): pulumi.InvokeResult {
  const outputs = answer(token, mapValues(args, plain), stage.region);
  if (outputs === undefined) throw new Error(`the rehearsal has no answer for ${token}; describe it in src/rehearsal/cloud/invoke.ts`);
  return { outputs };
}

/** Azure's provider fills in the location, so that it is part of the inputs. */
function located({ provider, region }: Stage, urn: string, news: JsonObject): JsonObject {
  const { inputs } = declaredBy(urnParts(urn).type);
  return provider === 'azure-native' && inputs.has('location') && news['location'] === undefined ? { ...news, location: region } : news;
}

interface Change {
  readonly id: string;
  readonly urn: string;
  readonly olds: JsonObject;
  readonly news: JsonObject;
}

function found(stage: Stage, type: string, id: string): WorldResource {
  const there = stage.world.get(type, id);
  if (!there) throw new Error(`there is no ${type} with the id "${id}"; refresh the stack`);
  return there;
}

function sealedParts({ world }: Stage, inputs: JsonObject, props: JsonObject): { inputs: JsonObject; props: JsonObject } {
  const seal = (value: Json) => sealed(value, world.sealKey);
  return { inputs: mapValues(inputs, seal), props: mapValues(props, seal) };
}

function regionOf({ region }: Stage, inputs: JsonObject): string {
  const own = plain(inputs['region'] ?? inputs['location'] ?? null);
  return typeof own === 'string' ? own : region;
}

function occasionOf(op: Occasion['op'], urn: string): Occasion {
  const { type, stack } = urnParts(urn);
  return { op, urn, type, stack };
}

/** `urn:pulumi:<stack>::<project>::<parent types$type>::<name>`. */
export function urnParts(urn: string): { readonly stack: string; readonly type: string; readonly name: string } {
  const [head = '', project = '', types = '', ...name] = urn.split('::');
  return { stack: `${project}/${head.split(':').at(-1) ?? ''}`, type: types.split('$').at(-1) ?? '', name: name.join('::') };
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
