import type { CloudWatchClientConfig } from '@aws-sdk/client-cloudwatch';
import type * as Identity from '@azure/identity';
import type { Secret } from '../../core/index.ts';

export interface CloudVariables {
  readonly [variable: string]: Secret;
}

/** The keys that stack operations use too; without them the SDK looks for a profile or a role by itself. */
export function cloudWatchCredentials(clouds: CloudVariables): CloudWatchClientConfig {
  const read = (variable: string) => clouds[variable]?.reveal();
  const [accessKeyId, secretAccessKey, sessionToken] = [read('AWS_ACCESS_KEY_ID'), read('AWS_SECRET_ACCESS_KEY'), read('AWS_SESSION_TOKEN')];
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } };
}

/** The service principal that stack operations use too (`ARM_*`); without one, what the SDK finds: `AZURE_*`, a managed identity, the CLI. */
export function azureCredential(clouds: CloudVariables, identity: typeof Identity): Identity.TokenCredential {
  const [tenant, client, secret] = ['ARM_TENANT_ID', 'ARM_CLIENT_ID', 'ARM_CLIENT_SECRET'].map((variable) => clouds[variable]?.reveal());
  if (tenant !== undefined && client !== undefined && secret !== undefined) return new identity.ClientSecretCredential(tenant, client, secret);
  return new identity.DefaultAzureCredential();
}
