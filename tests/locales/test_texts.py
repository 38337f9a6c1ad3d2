"""Every language has every text, with the same placeholders."""

import re

import pytest

from onecgw.locales import LANGUAGES, Language, load_texts
from onecgw.mcp_content.prompt_templates import PROMPT_TEMPLATES

PROMPT_KEYS = {
    "prompts.rules",
    *(f"prompts.{template.name}.opening" for template in PROMPT_TEMPLATES),
    *(f"prompts.{template.name}.closing" for template in PROMPT_TEMPLATES),
    *(f"prompts.{step.text}" for template in PROMPT_TEMPLATES for step in template.steps),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_of_prompts_are_those_that_the_templates_name(language: Language) -> None:
    assert {key for key in load_texts(language) if key.startswith("prompts.")} == PROMPT_KEYS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_and_placeholders(language: Language) -> None:
    def placeholders(language: Language) -> dict[str, list[str]]:
        texts = load_texts(language)
        return {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in texts.items()}

    assert placeholders(language) == placeholders(LANGUAGES[0])
