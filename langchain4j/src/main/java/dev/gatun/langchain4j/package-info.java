// package-info: LangChain4j's chat models over the library.
/**
 * A model of {@link dev.gatun.Gatun} as LangChain4j's {@code ChatModel} ({@link
 * dev.gatun.langchain4j.GatunChatModel}) and {@code StreamingChatModel} ({@link
 * dev.gatun.langchain4j.GatunStreamingChatModel}). What they do not honour is LangChain4j's
 * UnsupportedFeatureException, before anything runs: tools where the model's chat template shows
 * none, images, another model's name or parameters. An answer with a JSON schema has that one's
 * fields and no others, as with OpenAI's strict mode: one that is not required may be null. A
 * JsonRawSchema is taken as it stands; a keyword that the engine does not take is an
 * InvalidRequestException that names it.
 */
package dev.gatun.langchain4j;
