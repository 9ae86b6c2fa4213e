import type { Secret } from '../core/index.ts';

/** Everything Slipway takes from outside its files: read once, when the process starts. */
export interface Config {
  /** Absolute path of the top folder of the repository that is worked on; the current folder outside of one. */
  readonly root: string;
  /** Absolute path: journal, evidence, checkouts, rehearsal worlds. */
  readonly stateDir: string;
  /** Absolute path, shared by all repositories of this user: tools, provider plugins. */
  readonly cacheDir: string;
  /** `user:<name>` unless `SLIPWAY_ACTOR` says otherwise. */
  readonly actor: string;
  /** Names without prefix, for example `erp-leads`. */
  readonly teams: readonly string[];
  /** Absolute path of the folder with the Rego files. */
  readonly policyDir: string;
  readonly journal: JournalSettings;
  readonly engine: EngineSettings;
  /** Of the vault; `vault.key` of the state folder when nothing is set and the journal is there too. */
  readonly vaultKey?: VaultKeySetting;
  readonly server: RemoteSettings;
  readonly terminal: Terminal;
  readonly pulumi: PulumiSettings;
  readonly ssh: SshSettings;
  /** Address of each channel, by `channelKey`. */
  readonly notify: { readonly [channel: string]: Secret };
  readonly mail?: MailSettings;
  readonly webhooks: WebhookSettings;
  readonly telemetry: TelemetrySettings;
  readonly children: ChildEnvironment;
  /** A variable of the environment as a secret; for inputs that a person hands over by name. */
  readonly secretNamed: (variable: string) => Secret | undefined;
}
/** A server that does the work instead of this machine. */
export interface RemoteSettings {
  readonly url?: string;
  readonly token?: Secret;
}
export interface Terminal {
  readonly colour: { readonly stdout: boolean; readonly stderr: boolean };
  /** True when progress on stderr may be redrawn in place. */
  readonly redraw: boolean;
  /** Width in columns; 80 when unknown. */
  readonly columns: number;
  /** Height in rows; 24 when unknown. */
  readonly rows: number;
}
/** Which store keeps the journal. */
export type JournalSettings =
  | { readonly store: 'sqlite' }
  | {
      readonly store: 'postgres';
      /** Name, address, or folder of a Unix socket. */
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
      readonly password?: Secret;
      readonly schema: string;
      readonly tls: JournalTls;
      /** Its address without password, for people. */
      readonly shown: string;
    };
/** PEM texts; modes as in `TlsSettings` of the journal. */
export interface JournalTls {
  readonly mode: 'off' | 'encrypt' | 'authority' | 'full';
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
}
export type VaultKeySetting = { readonly from: 'setting'; readonly key: Secret } | { readonly from: 'file'; readonly file: string };
/** What drives runs. */
export type EngineSettings =
  | { readonly kind: 'local' }
  | {
      readonly kind: 'temporal';
      /** `host:port`. */
      readonly address: string;
      readonly namespace: string;
      /** Task queue of runs; those of zones begin with it. */
      readonly queue: string;
      readonly tls?: TemporalTls;
      readonly apiKey?: Secret;
      readonly buildId?: string;
    };
export interface TemporalTls {
  /** PEM; the authorities of the system when absent. */
  readonly serverCa?: Uint8Array;
  readonly serverName?: string;
  readonly client?: { readonly certificate: Uint8Array; readonly key: Secret };
}
export interface PulumiSettings {
  /** URL of the state backend; a folder of the state directory when nothing is set. */
  readonly backend: string;
  /** Of the stacks' secrets; absent means Pulumi asks its own secrets provider. */
  readonly passphrase?: Secret;
  readonly accessToken?: Secret;
}
export interface SshSettings {
  readonly home: string;
  readonly agentSocket?: string;
}
/** Which server sends mail, and in whose name. */
export interface MailSettings {
  /** `smtps://user:password@host:465`. */
  readonly server: Secret;
  readonly from: string;
}
/** Outbound webhooks. */
export interface WebhookSettings {
  readonly endpoints: readonly WebhookEndpoint[];
  /** Addresses and ranges beyond the public ones that may be sent to: `10.20.0.0/16`. */
  readonly allow: readonly string[];
}
export interface WebhookEndpoint {
  readonly name: string;
  readonly url: Secret;
  /** `whsec_…`; every message is signed by each. */
  readonly secrets: readonly Secret[];
  /** Types of events; all when absent. */
  readonly events?: readonly string[];
}
export interface TelemetrySettings {
  /** Where spans are sent by OTLP over HTTP. */
  readonly spans?: { readonly url: string; readonly headers: { readonly [name: string]: Secret }; readonly serviceName: string };
  /** Where a worker answers with its metrics. */
  readonly listen?: { readonly host: string; readonly port: number };
}
/** What child processes may see; nothing else of our environment is handed on. */
export interface ChildEnvironment {
  /** PATH, HOME, language, temporary folder, proxies and certificates. */
  readonly base: { readonly [variable: string]: string };
  /** Credentials of clouds (`AWS_*`, `ARM_*`, `AZURE_*` …), only for stack operations. */
  readonly clouds: { readonly [variable: string]: Secret };
  /** Read-only ones (`SLIPWAY_PREVIEW_AWS_*` …), by the names that programs know; for previews of pull requests, which get no others. */
  readonly guardedClouds: { readonly [variable: string]: Secret };
}
/** What loadConfig cannot see in the environment. */
export interface Surroundings {
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly homeDir: string;
  readonly osUser: string;
  readonly hostName?: string;
  /** `user.email` of git in a folder, or undefined. */
  readonly gitUser: (folder: string) => string | undefined;
}
