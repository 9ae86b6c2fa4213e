import type { Secret } from '../../core/index.ts';
import type { Rules } from './contract.ts';

/** Where the server is, and who we are there. */
export interface TemporalSettings {
  /** `host:port`. */
  readonly address: string;
  readonly namespace: string;
  /** Task queue of runs; those of zones begin with it. */
  readonly queue: string;
  readonly tls?: TlsSettings;
  /** Of Temporal Cloud; always with TLS. */
  readonly apiKey?: Secret;
  /** Pins the runs that this worker starts to workers of the same build, until they end. */
  readonly buildId?: string;
}
export interface TlsSettings {
  /** PEM; the authorities of the system when absent. */
  readonly serverCa?: Uint8Array;
  readonly serverName?: string;
  /** PEM, for servers that want to know who we are. */
  readonly client?: { readonly certificate: Uint8Array; readonly key: Secret };
}

/** Times that fit most installations, in milliseconds; written into every run when it starts. */
export const RULES: Omit<Rules, 'queue' | 'attributes'> = {
  heartbeatMs: 5_000,
  patientHeartbeatMs: 60_000,
  pickUpMs: 30_000,
  projectMs: 1_000,
  mostEvents: 5_000,
  inline: true,
  lean: true,
  told: 'running',
};

/** As the SDK wants it, for its workers and its clients alike. */
export function connectionOptions({ address, tls, apiKey }: TemporalSettings) {
  const { serverCa, serverName, client } = tls ?? {};
  const pair = client && { crt: Buffer.from(client.certificate), key: Buffer.from(client.key.reveal()) };
  return {
    address,
    ...(apiKey ? { apiKey: apiKey.reveal() } : {}),
    tls:
      tls || apiKey
        ? {
            ...(serverCa ? { serverRootCACertificate: Buffer.from(serverCa) } : {}),
            ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
            ...(pair ? { clientCertPair: pair } : {}),
          }
        : false,
  };
}
