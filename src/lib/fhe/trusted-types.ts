/**
 * Trusted Types (https://www.w3.org/TR/trusted-types/): the content security policy lets scripts be loaded only through
 * a named policy. This is the `default` one, for workers and the service worker: it lets scripts of the app's own origin
 * through and nothing else. It is needed in the page and in every worker that starts another.
 */

interface TrustedTypePolicyFactory {
  readonly defaultPolicy: object | null;
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): object;
}

const isFactory = (value: unknown): value is TrustedTypePolicyFactory =>
  typeof value === 'object' && value !== null && 'createPolicy' in value && 'defaultPolicy' in value;

/** Makes the `default` policy once. Does nothing where the browser has no Trusted Types. */
export function ensureTrustedTypes(): void {
  const factory: unknown = Reflect.get(globalThis, 'trustedTypes');
  if (!isFactory(factory) || factory.defaultPolicy !== null) return;
  factory.createPolicy('default', {
    createScriptURL(url) {
      if (new URL(url, location.href).origin === location.origin) return url;
      throw new TypeError(`Scripts come from ${location.origin} only.`);
    },
  });
}
