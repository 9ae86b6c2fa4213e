import type { RunJournal, WorldRequest } from '../app/index.ts';
import type { Config } from '../config/index.ts';
import { systemClock } from '../core/index.ts';
import { createEvidence, createHttp, createNotify, createTcp, type Resolve } from '../effects/index.ts';
import { createPulumi, type PulumiOptions } from '../effects/pulumi/index.ts';
import { createSsh } from '../effects/ssh/index.ts';
import { evaluatePackages } from '../policy/index.ts';
import type { Host, Ports } from '../steps/index.ts';
import { metricsOf } from './metrics.ts';

export interface Building {
  readonly config: Config;
  readonly request: WorldRequest;
  /** Absolute path of the Pulumi CLI. */
  readonly pulumi: string;
  readonly journal: RunJournal;
}
const POLICY_DEADLINE_MS = 30_000;

/** The adapters of all ports; `differences` is what a rehearsal does otherwise. */
export function buildPorts(
  building: Building,
  differences: { readonly resolve?: Resolve; readonly pulumi: PulumiOptions; readonly rehearsal: boolean; readonly host: (name: string) => Host },
): { readonly ports: Ports; readonly evidenceOf: (runId: string) => Ports['evidence'] } & Disposable {
  const { config, request, journal } = building;
  const { resolve, rehearsal, host } = differences;
  const http = createHttp(resolve ? { resolve } : {});
  const { policies, notice, runId } = request;
  const agent = config.ssh.agentSocket;
  const ssh = createSsh({
    clock: systemClock,
    masker: request.masker,
    knownHostsFiles: [`${config.ssh.home}/.ssh/known_hosts`],
    ...(agent === undefined ? {} : { agentSocket: agent }),
  });
  const metrics = metricsOf(building, { http, ssh, host, rehearsal, ...(resolve ? { resolve } : {}) });
  const ports: Ports = {
    clock: systemClock,
    http,
    tcp: createTcp(resolve ? { resolve } : {}),
    ssh,
    metrics,
    pulumi: createPulumi(differences.pulumi),
    notify: createNotify({ channels: config.notify, mail: config.mail, http, clock: systemClock, log: notice, rehearsal }),
    evidence: createEvidence(journal, runId),
    policy: {
      evaluate: async (packages, input, signal) => ({
        findings: await evaluatePackages(policies, packages, { input, options: { deadlineMs: POLICY_DEADLINE_MS, signal } }),
      }),
    },
  };
  const close = (): void => {
    metrics[Symbol.dispose]();
    http[Symbol.dispose]();
  };
  return { ports, evidenceOf: (id) => createEvidence(journal, id), [Symbol.dispose]: close };
}

/** What stack operations may see of our environment. */
export function pulumiEnvironment({ children, pulumi }: Config, credentials = children.clouds): { readonly [name: string]: string } {
  const clouds = Object.entries(credentials).map(([name, secret]) => [name, secret.reveal()]);
  return {
    ...children.base,
    ...Object.fromEntries(clouds),
    ...(pulumi.passphrase ? { PULUMI_CONFIG_PASSPHRASE: pulumi.passphrase.reveal() } : {}),
    ...(pulumi.accessToken ? { PULUMI_ACCESS_TOKEN: pulumi.accessToken.reveal() } : {}),
  };
}
