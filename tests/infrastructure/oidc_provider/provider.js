// An OpenID provider for tests: PORT USERS_FILE. Users, with their claims, are read at every sign-in.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [port, usersFile] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const claims = ['sub', 'name', 'given_name', 'family_name', 'email', 'email_verified', 'groups', 'tenants'];

const client = (id) => ({
  client_id: id,
  client_secret: `secret-of-${id}`,
  redirect_uris: ['http://127.0.0.1:1/callback'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
});

const provider = new Provider(issuer, {
  clients: [client('flowmesh'), client('another-service')],
  claims: { openid: claims },
  // The ID token has them; there need be no call to ask for them.
  conformIdTokenClaims: false,
  findAccount: (_, id) => {
    const known = JSON.parse(readFileSync(usersFile, 'utf8'))[id];
    return known && { accountId: id, claims: () => ({ sub: id, ...known }) };
  },
  cookies: { keys: ['of tests'] },
  ttl: { IdToken: 300 },
});

createServer(provider.callback()).listen(Number(port), '127.0.0.1', () => console.log('listening'));
