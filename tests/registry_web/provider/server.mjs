// npm's oidc-provider as an identity provider that signs its one user in without asking, for the tests of the register.
// Arguments: folder of the peers, port, address that codes are sent to.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, port, redirect] = process.argv.slice(2);
const entry = createRequire(join(resolve(modules), 'package.json')).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(entry));

const person = { sub: 'person-7', name: '架空 花子', email: 'hanako@city.example', email_verified: true };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'register',
    client_secret: 'test-only-secret-of-the-register',
    redirect_uris: [redirect],
    id_token_signed_response_alg: 'RS256',
  }],
  pkce: { required: () => true },
  cookies: { keys: ['test-only'] },
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => person }),
});
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
  let result = { login: { accountId: person.sub } };
  if (prompt.name === 'consent') {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    result = { consent: { grantId: await grant.save() } };
  }
  ctx.respond = false;
  await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
