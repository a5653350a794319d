declare global {
  /** File Handling: files the operating system opens with the app. @see https://wicg.github.io/web-app-launch/ */
  interface Window {
    readonly launchQueue?: {
      setConsumer(consumer: (params: { readonly files?: readonly FileSystemFileHandle[] }) => void): void;
    };
  }

  namespace App {
    interface PageState {
      sheet?: string;
    }
  }
}

export {};
