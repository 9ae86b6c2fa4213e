import { SlipwayError } from '../../../core/index.ts';
import { compareRpm } from './rpm-version.ts';
import type { Found, Manager, PackageState } from './state.ts';

/** What a step wants of its packages. */
export interface Wish {
  readonly state: 'present' | 'absent' | 'latest';
  readonly packages: readonly { readonly name: string; readonly version?: string | undefined }[];
  readonly purge: boolean;
  readonly allowDowngrade: boolean;
}
/** A package that is not as wanted. */
export interface Step {
  readonly name: string;
  readonly from: string | undefined;
  /** undefined: it goes. */
  readonly to: string | undefined;
  readonly isExact: boolean;
}

/**
 * What has to change.
 *
 * @throws {SlipwayError} `PACKAGE_UNKNOWN`, `PACKAGE_HELD`, `PACKAGE_DOWNGRADE`: all packages that are in the way, before anything is touched.
 */
export function planPackages(wish: Wish, { manager, packages }: PackageState, host: string): readonly Step[] {
  const steps = wish.packages.flatMap(({ name, version }) => {
    const found = packages.find((each) => each.name === name);
    const step = found && stepFor(wish.state, version, found);
    return found && step ? [{ found, step }] : [];
  });
  const held = steps.filter(({ found }) => found.isHeld).map(({ found }) => `${found.name} ${found.installed ?? ''}`.trim());
  if (held.length > 0) {
    throw new SlipwayError('PACKAGE_HELD', `somebody holds ${held.join(', ')} on ${host}`, {
      hint: 'release them on the machine (apt-mark unhold, dnf versionlock delete) when they may change, or leave them out',
    });
  }
  const unknown = steps.filter(({ step }) => step.to === '').map(({ step }) => step.name);
  if (unknown.length > 0) {
    throw new SlipwayError('PACKAGE_UNKNOWN', `${host} knows no package ${unknown.join(', ')}`, {
      hint: 'correct the name, let "refresh" fetch newer lists, or add the repository first',
    });
  }
  // apt refuses by itself; dnf would do it.
  const older = steps.filter(({ step }) => manager === 'dnf' && step.isExact && compareRpm(step.to ?? '', step.from ?? step.to ?? '') < 0);
  if (older.length > 0 && !wish.allowDowngrade) {
    throw new SlipwayError('PACKAGE_DOWNGRADE', `${host} has newer: ${older.map(({ step }) => wordsOf(step)).join('; ')}`, {
      hint: 'correct the version, or set allowDowngrade',
    });
  }
  return steps.map(({ step }) => step);
}

function stepFor(state: Wish['state'], version: string | undefined, { name, installed, candidate }: Found): Step | undefined {
  if (state === 'absent') return installed === undefined ? undefined : { name, from: installed, to: undefined, isExact: false };
  if (version !== undefined) return installed === version ? undefined : { name, from: installed, to: version, isExact: true };
  if (installed !== undefined && (state === 'present' || candidate === undefined || candidate === installed)) return undefined;
  return { name, from: installed, to: candidate ?? '', isExact: false };
}

/** How the manager is told which package and version. */
export function specOf({ name, to, isExact }: Step, manager: Manager): string {
  if (!isExact || to === undefined) return name;
  return manager === 'apt' ? `${name}=${to}` : `${name}-${to}`;
}

/** `+ nginx 1.22`, `- old 1.0`, `~ nginx 1.20 → 1.22`. */
export function wordsOf({ name, from, to }: Step): string {
  if (to === undefined) return `- ${name} ${from ?? ''}`.trim();
  return from === undefined ? `+ ${name} ${to}` : `~ ${name} ${from} → ${to}`;
}

/** What apt says it would do besides: \`Inst name [old] (new …)\`, \`Remv name [old]\`, \`Purg …\`. */
export function simulated(stdout: string): { readonly installs: readonly string[]; readonly removes: readonly string[] } {
  const rows = stdout.split('\n').map((row) => /^(Inst|Remv|Purg) (\S+)/.exec(row));
  const named = (...verbs: readonly string[]): readonly string[] => [
    ...new Set(rows.flatMap((row) => (row?.[1] !== undefined && verbs.includes(row[1]) ? [row[2] ?? ''] : []))),
  ];
  return { installs: named('Inst'), removes: named('Remv', 'Purg') };
}
