interface Connection {
  readonly saveData?: boolean;
  readonly effectiveType?: string;
  readonly type?: string;
}

const hasConnection = (host: Navigator): host is Navigator & { readonly connection: Connection } =>
  'connection' in host && typeof host.connection === 'object' && host.connection !== null;

/** Whether the browser says that the connection is slow, counted, or to be spared (Network Information API). */
export function isMetered(): boolean {
  if (!hasConnection(navigator)) return false;
  const { saveData, effectiveType, type } = navigator.connection;
  return saveData === true || type === 'cellular' || ['slow-2g', '2g', '3g'].includes(effectiveType ?? '');
}
