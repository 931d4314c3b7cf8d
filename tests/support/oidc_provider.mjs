// An OpenID provider for the tests: it signs in whoever login_hint names, says what the test wants it to say, and prints
// its issuer. Arguments: client id, client secret, redirect address.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [clientId, clientSecret, redirectUri] = process.argv.slice(2);
const server = createServer();

// A hint is JSON: {sub, email, verified, amr, acr}.
const people = new Map();

server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ["sub", "acr", "amr"], email: ["email", "email_verified"] },
    acrValues: ["two-factors"],
    conformIdTokenClaims: process.env.CLAIMS_IN_TOKEN !== "yes",
    pkce: { required: () => true },
    cookies: { keys: ["a key for tests alone"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: people.get(id)?.email, email_verified: people.get(id)?.verified }),
    }),
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client.clientId,
        accountId: context.oidc.session.accountId,
      });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on("request", async (request, response) => {
    if (!request.url.startsWith("/interaction/")) {
      answer(request, response);
      return;
    }
    const { params } = await provider.interactionDetails(request, response);
    const person = JSON.parse(params.login_hint);
    people.set(person.sub, person);
    const login = { accountId: person.sub, amr: person.amr, acr: person.acr };
    await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
  });
  console.log(issuer);
});
