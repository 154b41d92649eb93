"""clients: what the makers' own Python clients see of a server. Usage: clients.py http://127.0.0.1:PORT"""
import sys
import anthropic
import openai

BASE = sys.argv[1]
SKY = "Why is the sky blue?"
MODEL = openai.OpenAI(base_url=BASE + "/v1", api_key="none").models.list().data[0].id


def main():
    for check in (chat, chat_stream, responses, responses_stream, completions, messages, messages_stream, errors):
        check()
        print("ok", check.__name__)


def openai_client():
    return openai.OpenAI(base_url=BASE + "/v1", api_key="none", max_retries=0)


def anthropic_client():
    return anthropic.Anthropic(base_url=BASE, api_key="none", max_retries=0)


def chat():
    answer = openai_client().chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": SKY}], max_tokens=8, temperature=0,
        logprobs=True, top_logprobs=2, n=2, seed=1, service_tier="auto")
    assert len(answer.choices) == 2 and answer.choices[0].message.content == answer.choices[1].message.content
    assert len(answer.choices[0].logprobs.content) == 8 and answer.usage.completion_tokens == 16
    assert answer.system_fingerprint and answer.service_tier == "default"


def chat_stream():
    with openai_client().chat.completions.stream(
            model=MODEL, messages=[{"role": "user", "content": SKY}], max_tokens=400, temperature=0,
            stream_options={"include_usage": True}) as stream:
        pieces = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert "".join(pieces) == final.choices[0].message.content and final.usage.completion_tokens > 8


def responses():
    answer = openai_client().responses.create(
        model=MODEL, input=SKY, instructions="Be brief.", max_output_tokens=8, temperature=0, store=False,
        metadata={"who": "me"}, include=["message.output_text.logprobs"])
    assert answer.status == "incomplete" and answer.incomplete_details.reason == "max_output_tokens"
    assert answer.output_text and answer.metadata == {"who": "me"} and answer.usage.output_tokens == 8
    assert len(answer.output[0].content[0].logprobs) == 8
    back = openai_client().responses.create(
        model=MODEL, input=[{"role": "user", "content": SKY}, *answer.output, {"role": "user", "content": "And?"}],
        max_output_tokens=4, temperature=0)
    assert back.output_text


def responses_stream():
    with openai_client().responses.stream(model=MODEL, input=SKY, max_output_tokens=400, temperature=0) as stream:
        events = list(stream)
        final = stream.get_final_response()
    kinds = [event.type for event in events]
    assert kinds[:4] == ["response.created", "response.in_progress", "response.output_item.added",
                         "response.content_part.added"], kinds[:5]
    assert kinds[-4:] == ["response.output_text.done", "response.content_part.done", "response.output_item.done",
                          "response.completed"], kinds[-4:]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == final.output_text and final.usage.output_tokens > 1


def completions():
    answer = openai_client().completions.create(
        model=MODEL, prompt=["The sky is", "The sea is"], max_tokens=4, temperature=0, echo=True, logprobs=2)
    assert [choice.index for choice in answer.choices] == [0, 1]
    first = answer.choices[0]
    assert first.text.startswith("The sky is") and first.logprobs.token_logprobs[0] is None
    assert len(first.logprobs.tokens) == len(first.logprobs.text_offset) == len(first.logprobs.top_logprobs)
    assert "".join(first.logprobs.tokens) == first.text
    for offset, token in zip(first.logprobs.text_offset, first.logprobs.tokens):
        assert first.text[offset:offset + len(token)] == token
    stream = openai_client().completions.create(model=MODEL, prompt="The sky is", max_tokens=4, temperature=0, stream=True)
    assert "The sky is" + "".join(chunk.choices[0].text for chunk in stream if chunk.choices) == first.text


def messages():
    client = anthropic_client()
    ask = dict(model=MODEL, system=[{"type": "text", "text": "Be brief."}],
               messages=[{"role": "user", "content": [{"type": "text", "text": SKY}]}])
    answer = client.messages.create(max_tokens=8, extra_body={"temperature": 0}, **ask)
    assert answer.stop_reason == "max_tokens" and answer.content[0].text and answer.usage.output_tokens == 8
    counted = client.messages.count_tokens(**ask).input_tokens
    assert counted == answer.usage.input_tokens + answer.usage.cache_read_input_tokens
    word = answer.content[0].text.split()[1]
    stopped = client.messages.create(max_tokens=8, extra_body={"temperature": 0}, stop_sequences=[word, "no such"], **ask)
    assert stopped.stop_reason == "stop_sequence" and stopped.stop_sequence == word, stopped


def messages_stream():
    with anthropic_client().messages.stream(
            model=MODEL, max_tokens=400, extra_body={"temperature": 0}, thinking={"type": "disabled"},
            messages=[{"role": "user", "content": SKY}]) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == final.content[0].text and final.stop_reason == "end_turn" and final.usage.output_tokens > 8


def errors():
    try:
        anthropic_client().messages.create(model="other", max_tokens=1, messages=[{"role": "user", "content": SKY}])
        raise AssertionError("no error")
    except anthropic.NotFoundError as error:
        assert error.body["type"] == "error" and error.body["error"]["type"] == "not_found_error"
    try:
        openai_client().responses.create(model=MODEL, input=SKY, previous_response_id="resp_1")
        raise AssertionError("no error")
    except openai.BadRequestError as error:
        assert error.param == "previous_response_id", error


if __name__ == "__main__":
    main()
