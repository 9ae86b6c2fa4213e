import { holds, type Limit, parseLimit } from './limit.ts';
import { disksOf, type Facts, type ReadinessInput } from './readiness-shape.ts';

/** Everything a host does not fulfil, in words. A fact that could not be read is a miss too. */
export function missesOf(facts: Facts, input: ReadinessInput): readonly string[] {
  const share = (value: number) => `${Math.round(value * 1_000) / 10}%`;
  const number = (value: number) => String(Math.round(value * 100) / 100);
  const ms = (value: number) => `${Math.round(value)} ms`;
  const judge = (what: string, value: number | undefined, limit: Limit | undefined, words: (value: number) => string) => {
    if (limit === undefined) return [];
    if (value === undefined) return [`${what} could not be read`];
    return holds(value, limit) ? [] : [`${what} is ${words(value)}, must be ${limit.operator} ${words(limit.value)}`];
  };
  const { memory, cpuLoad, clock } = input;
  return [
    ...disksOf(input).flatMap(([path, text]) => judge(`free space of ${path}`, facts.diskFree[path], parseLimit(text, 'share'), share)),
    ...judge('available memory', facts.memoryAvailable, memory === undefined ? undefined : parseLimit(memory, 'share'), share),
    ...judge('load per processor', facts.cpuLoad, cpuLoad === undefined ? undefined : parseLimit(cpuLoad, 'number'), number),
    ...judge('clock difference', facts.clockOffsetMs, clock === undefined ? undefined : parseLimit(clock, 'duration'), ms),
    ...portMisses(facts, input),
    ...(input.files ?? []).filter((path) => !facts.files.includes(path)).map((path) => `${path} does not exist`),
  ];
}

function portMisses(facts: Facts, { listening = [], free = [] }: ReadinessInput): readonly string[] {
  if (listening.length + free.length === 0) return [];
  const { listeningPorts: open } = facts;
  if (open === undefined) return ['listening ports could not be read'];
  return [
    ...listening.filter((port) => !open.includes(port)).map((port) => `nothing listens on port ${port}`),
    ...free.filter((port) => open.includes(port)).map((port) => `port ${port} is taken`),
  ];
}
