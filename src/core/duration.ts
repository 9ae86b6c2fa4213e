const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const SIMPLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;
const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Milliseconds of `90s`, `1h30m`, `500ms` or ISO 8601 `PT1H30M`; undefined when it is neither. */
export function parseDuration(text: string): number | undefined {
  if (SIMPLE.test(text)) {
    return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)].reduce((sum, [, amount, unit]) => {
      const perUnit = UNIT_MS[unit as keyof typeof UNIT_MS]; // the regular expression admits these units only
      return sum + Number(amount) * perUnit;
    }, 0);
  }
  const iso = ISO.exec(text);
  if (!iso || text.length < 3 || text.endsWith('T')) return undefined;
  const [weeks, days, hours, minutes, seconds] = iso.slice(1).map((part) => Number(part ?? 0));
  return (((((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1_000;
}

/** Short words for a duration: `0.4 s`, `12 s`, `3 m 20 s`, `2 h 5 m`. */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} m` : `${minutes} m ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} m`;
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
