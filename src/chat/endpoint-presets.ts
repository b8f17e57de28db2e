/** A server or service that speaks OpenAI's chat protocol. */
export interface IPreset {
  readonly name: string;
  readonly url: string;
  /** Whether it is asked with a key. */
  readonly hasKey: boolean;
}

/** Those on this machine, at the ports they have by themselves, then services. */
export const PRESETS: readonly IPreset[] = [
  { name: 'Ollama', url: 'http://localhost:11434/v1', hasKey: false },
  { name: 'LM Studio', url: 'http://localhost:1234/v1', hasKey: false },
  { name: 'vLLM', url: 'http://localhost:8000/v1', hasKey: false },
  { name: 'llama.cpp', url: 'http://localhost:8080/v1', hasKey: false },
  { name: 'OpenAI', url: 'https://api.openai.com/v1', hasKey: true },
  { name: 'Anthropic', url: 'https://api.anthropic.com/v1', hasKey: true },
  {
    name: 'Google Gemini',
    url: 'https://generativelanguage.googleapis.com/v1beta/openai',
    hasKey: true
  },
  { name: 'Mistral', url: 'https://api.mistral.ai/v1', hasKey: true },
  { name: 'OpenRouter', url: 'https://openrouter.ai/api/v1', hasKey: true }
];
