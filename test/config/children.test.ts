import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMasker } from '../../src/core/index.ts';
import { childEnvironment } from '../../src/config/children.ts';
import { secretsOfChildren } from '../../src/config/index.ts';

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n';

test('what programs of stacks see is masked where it is a secret, by its name or its form, in parts too, and nothing else', () => {
  const masker = createMasker();
  const env = {
    AWS_SECRET_ACCESS_KEY: 'aws-secret-key-0',
    AZURE_STORAGE_CONNECTION_STRING: 'DefaultEndpointsProtocol=https;AccountName=erp;AccountKey=azure-account-key==',
    ARM_CLIENT_CERTIFICATE: 'arm-certificate-0',
    GOOGLE_CREDENTIALS: JSON.stringify({ type: 'service_account', project_id: 'erp-prod', private_key: PEM }),
    SLIPWAY_PREVIEW_GOOGLE_WHATEVER: JSON.stringify({ client_secret: 'preview-secret-0' }),
    HTTPS_PROXY: 'http://robot:proxy%21word@proxy.internal:3128',
    AWS_REGION: 'eu-central-1',
    AWS_PROFILE: 'erp-production',
    ARM_ENVIRONMENT: 'public',
    ARM_CLIENT_CERTIFICATE_PATH: '/etc/slipway/arm.pfx',
    AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/token',
  };
  for (const secret of secretsOfChildren(childEnvironment(env))) masker.add(secret);
  const told = ['aws-secret-key-0', env.AZURE_STORAGE_CONNECTION_STRING, 'arm-certificate-0', PEM, 'preview-secret-0', 'proxy%21word', 'proxy!word'];
  for (const text of told) assert.ok(!masker.mask(`a ${text} b`).includes(text), text);
  for (const text of ['eu-central-1', 'erp-production', 'public', '/etc/slipway/arm.pfx', '/var/run/token', 'service_account', 'proxy.internal'])
    assert.equal(masker.mask(text), text);
});
