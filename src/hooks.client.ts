import { ensureTrustedTypes } from '$lib/fhe/trusted-types.ts';

ensureTrustedTypes();
