// package-info: LangChain4j's chat models over the library.
/**
 * A model of {@link dev.gatun.Gatun} as LangChain4j's {@code ChatModel} ({@link
 * dev.gatun.langchain4j.GatunChatModel}) and {@code StreamingChatModel} ({@link
 * dev.gatun.langchain4j.GatunStreamingChatModel}). What they do not honour is LangChain4j's
 * UnsupportedFeatureException, before anything runs: tools where the model's chat template shows
 * none, ToolChoice.REQUIRED, JSON response formats, images, another model's name or parameters.
 */
package dev.gatun.langchain4j;
