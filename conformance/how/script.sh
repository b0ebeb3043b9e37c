#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A test that makes all that it needs itself.

exec "./${1##*/}" "${@:2}"
